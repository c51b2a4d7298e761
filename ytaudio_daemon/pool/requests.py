"""The two kinds of requests that a worker gets, as JSON and back. Pure."""

from collections.abc import Mapping
from typing import Any

from ytaudio_daemon.model import AttemptRequest, FetchRequest, ListRequest


def request_to_json(request: AttemptRequest) -> dict[str, Any]:
    """Return a request as plain JSON types."""
    kind = "list" if isinstance(request, ListRequest) else "fetch"
    return {"kind": kind, "request": request.to_json()}


def request_from_json(data: Mapping[str, Any]) -> AttemptRequest:
    """Rebuild a request from `request_to_json`.

    Raises:
        TypeError, ValueError, KeyError: The data is none.
    """
    match data["kind"]:
        case "list":
            return ListRequest.from_json(data["request"])
        case "fetch":
            return FetchRequest.from_json(data["request"])
    raise ValueError(f"no kind of request: {data['kind']!r}")
