"""JSON Schemas (2020-12) of types: TypedDicts, lists, dicts and annotated scalars."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from ytaudio_daemon.schemas.fields import Keywords

Schema = dict[str, Any]

_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_NAMES = {"min_length": "minLength"}


def schema_of(kind: Any, references: Mapping[type, str] | None = None) -> Schema:
    """Return the JSON Schema of a type.

    Args:
        kind: The type. The docstring of a TypedDict and each string in `Annotated` are
            descriptions; `Keywords` in `Annotated` limit the value.
        references: The types that are described elsewhere, each with its address.

    Raises:
        TypeError: The type has no schema.
    """
    references = references or {}
    if kind in references:
        return {"$ref": references[kind]}
    if is_typeddict(kind):
        return object_schema(kind, references)
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    return _generic_schema(kind, references)


def object_schema(kind: type, references: Mapping[type, str]) -> Schema:
    """Return the schema of a TypedDict itself, even if it is in `references`."""
    hints = get_type_hints(kind, include_extras=True)
    optional: frozenset[str] = getattr(kind, "__optional_keys__", frozenset())
    return {
        "type": "object",
        "description": description_of(kind),
        "properties": {
            name: schema_of(_without_not_required(hint), references)
            for name, hint in hints.items()
        },
        "required": [name for name in hints if name not in optional],
    }


def description_of(kind: type) -> str:
    """Return the docstring of a type as one paragraph."""
    return " ".join((inspect.getdoc(kind) or "").split())


def _generic_schema(kind: Any, references: Mapping[type, str]) -> Schema:
    """Return the schema of a type that is made of others."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"type": "string", "const": parts[0]}
    if not parts:
        raise TypeError(f"{kind} has no JSON Schema")
    inner = schema_of(parts[-1] if origin is dict else parts[0], references)
    if origin is Annotated:
        return _annotated(inner, parts[1:])
    if origin is list:
        return {"type": "array", "items": inner}
    if origin is dict:
        return {"type": "object", "additionalProperties": inner}
    if origin in {Union, UnionType} and parts[1:] == (NoneType,):
        return _nullable(inner)
    raise TypeError(f"{kind} has no JSON Schema")


def _without_not_required(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint


def _annotated(schema: Schema, notes: tuple[object, ...]) -> Schema:
    """Add the metadata of `Annotated` to the schema of its type."""
    schema = dict(schema)
    for note in notes:
        if isinstance(note, str):
            # A field's text goes before its type's, e.g. "RFC 3339, UTC."; but it
            # replaces an object's, which other fields may have, too.
            own = "" if "properties" in schema else schema.get("description", "")
            schema["description"] = f"{note} {own}".strip()
        elif isinstance(note, Keywords):
            schema |= _keywords(note)
    return schema


def _keywords(keywords: Keywords) -> Schema:
    return {
        _NAMES.get(name, name): list(value) if isinstance(value, tuple) else value
        for name, value in asdict(keywords).items()
        if value is not None
    }


def _nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}
