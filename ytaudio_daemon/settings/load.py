"""Loads the settings from a config file, the environment and flags, and checks them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import Any

from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.settings.resolve_paths import find_conflicts, resolve_paths
from ytaudio_daemon.settings.settings import KEYS, SECTIONS, Settings
from ytaudio_daemon.settings.sources import (
    SourceValue,
    from_file,
    from_flags,
    from_variables,
)
from ytaudio_daemon.system.config_files import (
    CONFIG_VARIABLE,
    LOCAL_CONFIG,
    SYSTEM_CONFIG,
)
from ytaudio_daemon.system.path_trust import first_untrusted_part, is_trusted_owner

_NO_OVERRIDES: Mapping[str, str] = MappingProxyType({})


def find_config(environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the config file to use when no flag names one, or None.

    `$YTAUDIO_CONFIG`, else `config/ytaudio.toml` below the current folder, else
    `/etc/ytaudio/ytaudio.toml`. A file that exists but may not be read is returned,
    too: `load` then raises the error.

    A config may name a command, a proxy and a certificate authority. So a file that was
    not named is used only where nobody but the caller and root can change it.

    Raises:
        ConfigError: Others can change the file that was found, or its folders.
    """
    if named := environ.get(CONFIG_VARIABLE):
        return cwd / named
    for path, folder in (
        (cwd / LOCAL_CONFIG, cwd),
        (SYSTEM_CONFIG, SYSTEM_CONFIG.parent),
    ):
        if not _is_missing(path):
            _require_trusted(path, folder)
            return path
    return None


def load(
    config_file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, str] = _NO_OVERRIDES,
    *,
    cwd: Path | None = None,
) -> Settings:
    """Return the settings; flags win over variables, the file and the defaults.

    Args:
        config_file: From `--config` or `find_config`.
        environ: With `YTAUDIO_<SECTION>_<KEY>`, and HOME for `~/` in paths.
        overrides: Texts from flags, by "section.key".
        cwd: The folder that relative paths outside the file are below; by default the
            current one.

    Raises:
        ConfigError: With all problems, a line each.
    """
    cwd = cwd or Path.cwd()
    file = cwd / config_file if config_file else None
    problems: list[str] = []
    given = [
        *(from_file(file, _display_path(file, cwd), problems) if file else ()),
        *from_variables(environ, problems),
        *from_flags(overrides),
    ]
    values, origins = _merge_over_defaults(given, problems)
    base = cwd
    if file and origins["paths.root"] in {"default", _display_path(file, cwd)}:
        base = file.parent
    elif origins["paths.root"] == "default":
        values["paths.root"] = "."
    try:
        values = resolve_paths(values, base, environ.get("HOME", ""))
    except (OSError, RuntimeError) as exc:
        problems.append(f"[paths]: {exc}")
    else:
        problems += find_conflicts(values)
    if problems:
        hint = "`ytaudio config --keys` lists every key with its meaning"
        raise ConfigError("\n".join(problems), hint)
    return _build_settings(values, origins, file)


def _merge_over_defaults(
    given: Iterable[SourceValue], problems: list[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return values and origins by "section.key"; later values win, bad ones do not."""
    values = {name: key.value_type.parse(key.default) for name, key in KEYS.items()}
    origins = dict.fromkeys(KEYS, "default")
    for one in given:
        try:
            values[one.key.full_name] = one.parse()
            origins[one.key.full_name] = one.origin
        except ValueError as exc:
            problems.append(str(exc))
    return values, origins


def _build_settings(
    values: Mapping[str, Any], origins: Mapping[str, str], file: Path | None
) -> Settings:
    sections: dict[str, Any] = {
        name: section(**{f.name: values[f"{name}.{f.name}"] for f in fields(section)})
        for name, section in SECTIONS.items()
    }
    return Settings(**sections, origins=MappingProxyType(origins), config_file=file)


def _display_path(file: Path, cwd: Path) -> str:
    return str(file.relative_to(cwd) if file.is_relative_to(cwd) else file)


def _require_trusted(file: Path, folder: Path) -> None:
    try:
        part = first_untrusted_part(file, folder)
    except OSError:  # `load` raises the error, with the remedy for it
        return
    if part is not None:
        raise ConfigError(
            f"{file} is not taken: {part} can be changed by others",
            f"If you trust it, name it: --config {quote(str(file))} (or "
            f"${CONFIG_VARIABLE}). If it is yours: {_command_to_own(part)}. Otherwise "
            "go to another folder.",
        )


def _command_to_own(part: Path) -> str:
    """Return the command after which only the caller can change a file or folder."""
    path = quote(str(part))
    if is_trusted_owner(part):
        return f"chmod go-w {path}"
    return f"sudo chown -h {os.geteuid()} {path}"


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
