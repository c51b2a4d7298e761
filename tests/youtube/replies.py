"""Replies with a page, JSON or another text, and what a fault makes of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.youtube.faults import Fault, Reply, spoil


def html(page: bytes, fault: Fault | None) -> Reply:
    """Return a reply with a web page."""
    return typed("text/html; charset=utf-8", page, fault)


def as_json(value: Any, fault: Fault | None, status: int = 200) -> Reply:
    """Return a reply with a value as JSON."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return typed("application/json; charset=UTF-8", body, fault, status)


def typed(kind: str, body: bytes, fault: Fault | None, status: int = 200) -> Reply:
    """Return a reply of a media type."""
    spoiled = spoil(fault, body) if fault else body
    return Reply(status=status, headers={"Content-Type": kind}, body=spoiled)


def feed(
    content: bytes | None, headers: Mapping[str, str], fault: Fault | None
) -> Reply:
    """Return the reply with a feed, or that it has not changed, or that there is none."""
    if content is None:
        return no_page()
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    if headers.get("if-none-match") == etag and fault is None:
        return Reply(status=304, headers={"ETag": etag})
    reply = typed("text/xml; charset=UTF-8", content, fault)
    return replace(reply, headers={**reply.headers, "ETag": etag})


def not_found() -> Reply:
    """Return the API's reply for what is not there."""
    error = {"code": 404, "message": "Requested entity was not found."}
    return as_json({"error": error}, None, 404)


def no_page() -> Reply:
    """Return the reply for an address without a page."""
    return Reply(status=404, headers={"Content-Type": "text/html"})
