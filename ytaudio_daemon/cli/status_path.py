"""Finds the folder of the status files without loading the settings.

Programs call `status` often, and loading the settings costs more CPU than the rest of
it. Only plain configurations are handled here, the settings handle all others. A test
makes sure that both find the same folder.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ytaudio_daemon.system.config_files import (
    CONFIG_VARIABLE,
    LOCAL_CONFIG,
    SYSTEM_CONFIG,
)
from ytaudio_daemon.system.path_trust import first_untrusted_part
from ytaudio_daemon.system.regular_files import read_regular_file

DEFAULT_ROOT = ".."
DEFAULT_STATUS = "status"
#: A bigger config is the settings' business.
MAX_BYTES = 1 << 20


def status_folder_without_settings(
    config: str | None, root: str | None, environ: Mapping[str, str], cwd: Path
) -> Path | None:
    """Return the status folder, or None when only the settings can find it.

    Args:
        config: From `--config`.
        root: From `--root`.
        environ: The environment.
        cwd: The current folder.
    """
    file, paths = _config_paths(config, environ, cwd)
    if paths is None:
        return None
    root_given = root or environ.get("YTAUDIO_PATHS_ROOT")
    root_wanted = root_given or paths.get("root", DEFAULT_ROOT if file else ".")
    status = environ.get("YTAUDIO_PATHS_STATUS") or paths.get("status", DEFAULT_STATUS)
    if not (_is_plain(root_wanted) and _is_plain(status)) or "" in {root, status}:
        return None
    base = file.parent if file and not root_given else cwd
    return ((base / root_wanted).resolve() / status).resolve()


def _config_paths(
    config: str | None, environ: Mapping[str, str], cwd: Path
) -> tuple[Path | None, Mapping[str, Any] | None]:
    """Return the config file in use and its `[paths]`.

    The file is None where there is none, and `[paths]` where only the settings can read it.
    """
    named = config or environ.get(CONFIG_VARIABLE)
    candidates = (named,) if named else (LOCAL_CONFIG, SYSTEM_CONFIG)
    for candidate in candidates:
        file = cwd / candidate
        try:
            text = read_regular_file(file, MAX_BYTES, follow_links=True)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError):
            return file, None
        if not named and _is_untrusted(file, cwd):
            return file, None
        return file, _parse_paths(text)
    return None, None if named else {}


def _parse_paths(config: bytes) -> Mapping[str, Any] | None:
    """Return the table `[paths]` of a config; None where only the settings can read it."""
    tomllib = import_module("tomllib")  # 3 ms, only where there is a config
    try:
        paths = tomllib.loads(config.decode("utf-8-sig")).get("paths", {})
    except (ValueError, RecursionError):
        return None
    return paths if isinstance(paths, dict) else None


def _is_untrusted(file: Path, cwd: Path) -> bool:
    """True if `settings.find_config` would refuse a file that was not named."""
    folder = cwd if file.is_relative_to(cwd) else file.parent
    try:
        return first_untrusted_part(file, folder) is not None
    except OSError:
        return True


def _is_plain(path: object) -> bool:
    """True for a path that needs no expansion."""
    return isinstance(path, str) and not path.startswith("~") and "\0" not in path
