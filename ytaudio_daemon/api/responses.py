"""Builds JSON responses and their descriptions for OpenAPI."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ytaudio_daemon.api import problems
from ytaudio_daemon.api.response_models import REFERENCES, ProblemDetails

#: Not for caches: documents change, and some contain keys.
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

OpenApiResponses = dict[int | str, dict[str, Any]]

#: Statuses of the problems of every route that needs a session's key.
OWN_STATUSES = (401, 410, 503)
#: The same, where the address names one job or collection.
OWN_ITEM_STATUSES = (*OWN_STATUSES, 404)


def json_response(
    document: Mapping[str, object],
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


def json_text(document: Mapping[str, object]) -> str:
    """Return a document as one line of JSON that can be written as UTF-8."""
    text = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def openapi_responses(
    kind: type,
    description: str,
    *problem_statuses: int,
    status: int = 200,
    links: Mapping[str, Any] | None = None,
) -> OpenApiResponses:
    """Return the `responses` of a route: one document, and problems.

    Args:
        kind: The type of the document, one of `response_models.COMPONENTS`.
        description: The description of the response.
        problem_statuses: The statuses of the problems the route can end in.
        status: The status of the response with the document.
        links: OpenAPI's links from the response to other operations.
    """
    content = {"application/json": {"schema": {"$ref": REFERENCES[kind]}}}
    success = {"description": description, "content": content}
    if links:
        success["links"] = dict(links)
    return {status: success, **problem_responses(*problem_statuses)}


def problem_responses(*statuses: int) -> OpenApiResponses:
    """Return the `responses` that are problems; the default is one, too."""
    schema = {"$ref": REFERENCES[ProblemDetails]}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    found: OpenApiResponses = {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }
    found["default"] = {"description": "Any other problem", "content": content}
    return found
