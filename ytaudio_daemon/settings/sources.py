"""Reads values from the config file, the environment and flags, with their locations."""

import grp
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.settings.keys import Key
from ytaudio_daemon.settings.list_types import REDACTED, as_text
from ytaudio_daemon.settings.settings import KEYS, SECTIONS
from ytaudio_daemon.settings.toml_errors import KEY_LINE, TABLE_LINE, toml_error

_MAX_SHOWN_CHARS = 80
_SECTION_PREFIXES = tuple(f"YTAUDIO_{name}_".upper() for name in SECTIONS)
_VARIABLES = {key.variable: key for key in KEYS.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceValue:
    """A value as a person wrote it.

    Attributes:
        key: The key.
        value: A TOML value, or the text of a variable or flag.
        allowed_types: The types it may have: a TOML value may be text or a number,
            variables and flags are always text.
        origin: Its entry in `Settings.origins`.
        location: The origin with the line, for messages.
    """

    key: Key
    value: object
    allowed_types: tuple[type, ...] = (str,)
    origin: str
    location: str

    def parse(self) -> Any:
        """Return the checked value.

        Raises:
            ValueError: The value is not allowed; the message is for people.
        """
        try:
            if type(self.value) in self.allowed_types:
                return self.key.value_type.parse(as_text(self.value))
        except ValueError as exc:
            raise ValueError(self._error_text()) from exc
        raise ValueError(self._error_text())

    def _error_text(self) -> str:
        value_type = self.key.value_type
        redact = value_type.redact
        shown = repr(self.value) if redact is None else self._redacted(redact)
        return (
            f"{self.location}: [{self.key.section}] {self.key.name} cannot be "
            f"{shown[:_MAX_SHOWN_CHARS]}; allowed: {value_type.allowed}"
            f"{self._suggestion()}"
        )

    def _suggestion(self) -> str:
        """Return what is wrong, where the type explains that, or "; did you mean …?"."""
        known = self.key.value_type.words
        if (explain := self.key.value_type.problem) and isinstance(self.value, str):
            return f"; {explain(self.value)}"
        given = self.value if isinstance(self.value, list) else str(self.value).split()
        wrong = [str(word) for word in given if known and word not in known]
        return _did_you_mean(wrong[0], known) if wrong else ""

    def _redacted(self, redact: Callable[[str], str]) -> str:
        try:
            return repr(redact(as_text(self.value)))
        except ValueError:  # a list of numbers, say
            return REDACTED


def from_file(file: Path, name: str, problems: list[str]) -> Iterator[SourceValue]:
    """Yield the values of a config file.

    Args:
        file: Its path.
        name: Its name in messages and origins.
        problems: Gets a sentence for every key that does not exist.

    Raises:
        ConfigError: The file cannot be read, or is not TOML.
    """
    text = _read_text(file, name)
    lines = _line_numbers(text)
    for section, table in _parse_toml(text, name).items():
        where = f"{name}:{lines.get((section, ''), lines.get(('', section), 1))}"
        if section not in SECTIONS or not isinstance(table, dict):
            problems.append(f"{where}: {_unknown_section(section, table)}")
            continue
        for key_name, value in table.items():
            where = f"{name}:{lines.get((section, key_name), 1)}"
            key = KEYS.get(f"{section}.{key_name}")
            if key is None:
                problems.append(f"{where}: {_unknown_key(section, key_name)}")
                continue
            types = key.value_type.toml_types
            yield SourceValue(
                key=key, value=value, allowed_types=types, origin=name, location=where
            )


def from_variables(
    environ: Mapping[str, str], problems: list[str]
) -> Iterator[SourceValue]:
    """Yield the values of `YTAUDIO_<SECTION>_<KEY>` variables.

    An unknown variable is reported if it names a section, or resembles a known one;
    others may belong to another program.
    """
    for name in sorted(environ):
        if key := _VARIABLES.get(name):
            yield SourceValue(key=key, value=environ[name], origin=name, location=name)
        elif name.startswith("YTAUDIO_"):
            similar = _did_you_mean(name, _VARIABLES)
            if similar or name.startswith(_SECTION_PREFIXES):
                problems.append(f"{name}: there is no such setting{similar}")


def from_flags(overrides: Mapping[str, str]) -> Iterator[SourceValue]:
    """Yield the values of flags, given by "section.key".

    Raises:
        KeyError: There is no such key, which is a bug in this program.
    """
    for full_name, text in overrides.items():
        key = KEYS[full_name]
        flag = "--" + key.name.replace("_", "-")
        yield SourceValue(key=key, value=text, origin=flag, location=flag)


def _read_text(file: Path, name: str) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as exc:
        hint = _permission_hint(file) if isinstance(exc, PermissionError) else ""
        raise ConfigError(f"{name} cannot be read: {exc.strerror}", hint) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{name} is not UTF-8 text") from exc


def _permission_hint(file: Path) -> str:
    """Return a command that makes a config readable for the user; "" if there is none."""
    with suppress(OSError, KeyError):
        found = file.stat()
        if found.st_mode & stat.S_IRGRP:
            group = grp.getgrgid(found.st_gid).gr_name
            return (
                f"Its group may: sudo usermod -aG {group} YOU (from the next login on)"
            )
    return ""


def _parse_toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise toml_error(text, name, exc) from exc


def _line_numbers(text: str) -> dict[tuple[str, str], int]:
    """Return the first line of every (section, key); the key "" is the table itself."""
    numbers: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if table := TABLE_LINE.match(line):
            section = table[1]
            numbers.setdefault((section, ""), number)
        elif key := KEY_LINE.match(line):
            numbers.setdefault((section, key[1]), number)
    return numbers


def _unknown_section(name: str, value: object) -> str:
    """Return what is wrong with a table that is no section, or a key outside of all."""
    if name in SECTIONS:
        return f"{name} is a section: write [{name}] on a line of its own"
    owners = [key.section for key in KEYS.values() if key.name == name]
    if owners and not isinstance(value, dict):
        return f"{name} belongs below a line [{owners[0]}]"
    similar = _closest(name, SECTIONS)
    meant = f"; did you mean [{similar}]?" if similar else ""
    known = meant or f"; known: {' '.join(f'[{one}]' for one in SECTIONS)}"
    return f"[{name}]: there is no such section{known}"


def _unknown_key(section: str, name: str) -> str:
    names = [key.name for key in KEYS.values() if key.section == section]
    similar = _did_you_mean(name, names) or f"; known: {' '.join(names)}"
    return f"[{section}] has no key {name}{similar}"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    similar = _closest(name, known)
    return f"; did you mean {similar}?" if similar else ""


def _closest(name: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415 - 1 ms that only a mistake should cost

    return next(iter(difflib.get_close_matches(name, list(known), 1, 0.75)), "")
