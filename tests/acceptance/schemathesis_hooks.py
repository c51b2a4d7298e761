"""Gives schemathesis links to real videos: it cannot know what a link is."""

from typing import Any

import schemathesis

LINKS = tuple(f"https://youtu.be/SCHEMA{n:05d}" for n in range(8))


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Put a link in the place of every other text that is called one."""
    del context
    if isinstance(body, dict) and isinstance(body.get("url"), str):
        text = body["url"]
        if text and len(text) % 4:
            return {**body, "url": LINKS[len(text) % len(LINKS)]}
    return body
