"""Declares a key of the config: its default, what it may be, and its meaning. Pure."""

import json
from dataclasses import dataclass, field, fields
from typing import Any

from ytaudio_daemon.settings.value_types import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the config file.

    Attributes:
        section: Its section in the file.
        name: Its name in the section.
        default: Its default as in the file, without quotes.
        value_type: The values it may have.
        doc: Its meaning, in one or two sentences.
        is_reloadable: A running daemon applies a new value on SIGHUP.
    """

    section: str
    name: str
    default: str
    value_type: ValueType
    doc: str
    is_reloadable: bool

    @property
    def full_name(self) -> str:
        """`section.key`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return f"YTAUDIO_{self.section}_{self.name}".upper()

    @property
    def toml_default(self) -> str:
        """The default in TOML."""
        if list in self.value_type.toml_types:
            return json.dumps(self.default.split())
        is_text = str in self.value_type.toml_types
        return f'"{self.default}"' if is_text else self.default


def key(default: str, value_type: ValueType, doc: str) -> Any:
    """Declare a dataclass field as a key of the config; see `Key`."""
    return _declared(default, value_type, doc, is_reloadable=True)


def fixed_key(default: str, value_type: ValueType, doc: str) -> Any:
    """Declare a key whose change needs a restart."""
    return _declared(default, value_type, doc, is_reloadable=False)


def declared_keys(section: str, settings: type) -> list[Key]:
    """Return the keys that a section declares, in their order."""
    return [
        Key(section=section, name=one.name, **one.metadata) for one in fields(settings)
    ]


def _declared(
    default: str, value_type: ValueType, doc: str, *, is_reloadable: bool
) -> Any:
    declaration = {"default": default, "value_type": value_type, "doc": doc}
    return field(metadata=declaration | {"is_reloadable": is_reloadable})
