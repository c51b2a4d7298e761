"""Answers as they are sent, and as they stand in the description."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ytaudio_daemon.api import problems

#: Whoever may read an answer may read it now; UUIDs in it work like passwords.
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

OpenApiResponses = dict[int | str, dict[str, Any]]


def json_response(
    document: Mapping[str, Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a document as JSON."""
    body = json_text(document).encode()
    return Response(
        body,
        status,
        {**PRIVATE_HEADERS, **(headers or {})},
        media_type="application/json",
    )


def json_text(document: Mapping[str, Any]) -> str:
    """Return a document as one line of JSON that can be written as UTF-8."""
    text = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def openapi_responses(
    schema: str,
    what: str,
    *refusals: int,
    status: int = 200,
    leads_to: Mapping[str, Any] | None = None,
) -> OpenApiResponses:
    """Return the `responses` of a route: one document, and problems.

    Args:
        schema: The document's name among the description's schemas.
        what: What it is.
        refusals: Statuses of the problems it can end in.
        status: Of the good answer.
        leads_to: OpenAPI's links from it to other operations.
    """
    good = {"description": what, "content": json_content(schema)}
    if leads_to:
        good["links"] = dict(leads_to)
    return {status: good, **problem_responses(*refusals)}


def problem_responses(*statuses: int) -> OpenApiResponses:
    """Return the `responses` that are problems; any other status is one too."""
    content = {problems.MEDIA_TYPE: {"schema": schema_ref("Problem")}}
    described: OpenApiResponses = {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }
    described["default"] = {"description": "Any other problem", "content": content}
    return described


def json_content(schema: str) -> dict[str, Any]:
    """Return the `content` of a JSON answer."""
    return {"application/json": {"schema": schema_ref(schema)}}


def schema_ref(schema: str) -> dict[str, str]:
    """Return a reference to a schema of the description."""
    return {"$ref": f"#/components/schemas/{schema}"}
