"""Answers: how they are sent, and how the OpenAPI description shows them."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ytaudio_daemon.api import problems
from ytaudio_daemon.api.response_models import REFERENCES, ProblemDetails

#: Not for caches: answers are true for the moment, and some hold keys.
PRIVATE_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

OpenApiResponses = dict[int | str, dict[str, Any]]


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


#: Statuses of the problems that every route of a session's own things can end in.
OWN_STATUSES = (401, 410, 503)
#: The same of a route whose address names one thing.
OWN_ITEM_STATUSES = (*OWN_STATUSES, 404)


def openapi_responses(
    kind: type,
    what: str,
    *refusals: int,
    status: int = 200,
    leads_to: Mapping[str, Any] | None = None,
) -> OpenApiResponses:
    """Return the `responses` of a route: one document, and problems.

    Args:
        kind: The type of the document, one of `response_models.COMPONENTS`.
        what: The description of the answer.
        refusals: The statuses of the problems the route can end in.
        status: The status of the answer with the document.
        leads_to: OpenAPI's links from the answer to other operations.
    """
    content = {"application/json": {"schema": {"$ref": REFERENCES[kind]}}}
    good = {"description": what, "content": content}
    if leads_to:
        good["links"] = dict(leads_to)
    return {status: good, **problem_responses(*refusals)}


def problem_responses(*statuses: int) -> OpenApiResponses:
    """Return the `responses` that are problems; any other status is one too."""
    schema = {"$ref": REFERENCES[ProblemDetails]}
    content = {problems.MEDIA_TYPE: {"schema": schema}}
    described: OpenApiResponses = {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }
    described["default"] = {"description": "Any other problem", "content": content}
    return described
