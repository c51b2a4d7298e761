"""How a key of the config is declared: default, kind, meaning. Pure."""

import json
from dataclasses import dataclass

from ytaudio_daemon.settings import value_types
from ytaudio_daemon.settings.value_types import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the config file.

    Attributes:
        section, name: As in the file.
        default: As it would stand in the file, without quotes.
        value_type: What its value may be.
        doc: What it means, one or two sentences.
        is_reloadable: A running daemon takes a new value up on SIGHUP.
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
        """The default, as the file has it."""
        if list in self.value_type.toml_types:
            return json.dumps(self.default.split())
        return (
            self.default
            if str not in self.value_type.toml_types
            else f'"{self.default}"'
        )


@dataclass(frozen=True, slots=True)
class KeyDeclaration:
    """What stands beside a key's type in the sections below; see `Key`."""

    default: str
    value_type: ValueType
    doc: str
    is_reloadable: bool = True


def declare_key(
    default: str, kind: ValueType, doc: str, *, live: bool = True
) -> KeyDeclaration:
    """Declare a key beside its type; `live`: a SIGHUP is enough to change it."""
    return KeyDeclaration(default, kind, doc, live)


def declare_path(
    default: str, doc: str, *, may_be_empty: bool = False
) -> KeyDeclaration:
    """Declare a path; a new one needs a restart."""
    return KeyDeclaration(
        default, value_types.path(may_be_empty=may_be_empty), doc, is_reloadable=False
    )
