"""The OpenAPI description: FastAPI's, with schemas made of the answers' types."""

from copy import deepcopy

from ytaudio_daemon.api.response_models import (
    COMBINED,
    COMPONENTS,
    PROBLEM_EXAMPLE,
    REFERENCES,
)
from ytaudio_daemon.schemas.json_schema import Schema, description_of, object_schema

API_DESCRIPTION = """\
Post links to YouTube videos, get tagged, proven audio. A job posted here is a job like any
other: the daemon runs it, `ytaudio status` shows it.

Opening a session returns its key as `session_uuid`. It works like a password: send it as
`X-Session-ID`. Errors are problem details (RFC 9457) with a stable `code`, one plain sentence and a hint. Times are RFC 3339 in
UTC; fields are only ever added; null is never left out.
"""


def component_schemas() -> dict[str, Schema]:
    """Return every schema that answers refer to, by name."""
    found = {name: _component_schema(kind) for name, kind in COMPONENTS.items()}
    found["Problem"]["examples"] = [PROBLEM_EXAMPLE]
    return found


def without_operator(description: Schema) -> Schema:
    """Return the description for a server without a token: no route demands one."""
    open_to_all = deepcopy(description)
    for path in open_to_all["paths"].values():
        for operation in path.values():
            rest = [s for s in operation.get("security", []) if "operator" not in s]
            was = operation.pop("security", [])
            if rest and len(rest) == len(was):
                operation["security"] = rest
    open_to_all["components"]["securitySchemes"].pop("operator", None)
    return open_to_all


def _component_schema(kind: type) -> Schema:
    if kind not in COMBINED:
        return object_schema(kind, REFERENCES)
    document, words = COMBINED[kind]
    own = object_schema(words, REFERENCES)
    return {
        "description": description_of(kind),
        "allOf": [{"$ref": REFERENCES[document]}, own],
    }
