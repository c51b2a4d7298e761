"""The shipped JSON Schemas, closed: what a document says must all be described."""

import json
from importlib import resources
from typing import Any

import jsonschema

SCHEMAS = resources.files("ytaudio_daemon") / "schemas"


def assert_described(document: dict[str, Any]) -> None:
    """See that a document is of the form it names, and says nothing more."""
    name, _, version = document["schema"].rpartition("/")
    form = _closed(_shipped(f"{name}-{version}.json"))
    validator = jsonschema.Draft202012Validator
    jsonschema.validate(document, form, format_checker=validator.FORMAT_CHECKER)


def _shipped(reference: str) -> dict[str, Any]:
    """Return a form, or the part of one that a JSON Pointer names."""
    file, _, pointer = reference.partition("#")
    found: dict[str, Any] = json.loads((SCHEMAS / file).read_text())
    for key in pointer.strip("/").split("/") if pointer else []:
        found = found[key]
    return found


def _closed(form: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in form:
        return _closed(_shipped(form["$ref"]))
    closed = {key: value for key, value in form.items() if key != "$schema"}
    if "properties" in form:
        closed.setdefault("additionalProperties", False)
        closed["properties"] = {k: _closed(v) for k, v in form["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(form.get(key), dict):
            closed[key] = _closed(form[key])
    if "anyOf" in form:
        closed["anyOf"] = [_closed(one) for one in form["anyOf"]]
    return closed
