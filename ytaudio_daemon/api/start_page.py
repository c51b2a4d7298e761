"""The page at `/`, for a person who opens the server's address in a browser.

It needs no other file and no script; its Content-Security-Policy allows its own style
sheet alone, by its hash.
"""

import hashlib
import re
from base64 import b64encode
from html import escape
from importlib.resources import files
from string import Template

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from ytaudio_daemon import __version__
from ytaudio_daemon.api.auth import ContextDep
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.responses import PRIVATE_HEADERS

router = APIRouter(include_in_schema=False)

_FOLDER = files("ytaudio_daemon.api")
_STYLE = _FOLDER.joinpath("start_page.css").read_text("utf-8")
_PAGE = Template(_FOLDER.joinpath("start_page.html").read_text("utf-8"))
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
#: https://www.w3.org/TR/CSP3/; `data:` is the page's icon.
_HEADERS = {
    **PRIVATE_HEADERS,
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
#: A host that may stand in a command to be pasted: no blank, no character of a shell.
_PASTABLE_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_TAKES_JOBS = "takes jobs"


@router.api_route("/", methods=["GET", "HEAD"])
def get_start_page(request: Request, context: ContextDep) -> Response:
    """Return the page: what this is, whether it works, and the first calls."""
    host = request.headers.get("host", "")
    if _PASTABLE_HOST.fullmatch(host) is None:
        host = "localhost"
    page = render(
        host=host,
        base=f"{request.url.scheme}://{host}",
        daemon_down_reason=context.daemon_down_reason(),
        ledger_error=_ledger_sentence(context),
        has_token=context.token is not None,
    )
    return HTMLResponse(page, headers=_HEADERS)


def render(
    *, host: str, base: str, daemon_down_reason: str, ledger_error: str, has_token: bool
) -> str:
    """Return the page as HTML. Pure.

    Args:
        host: The server's name, as the client wrote it.
        base: The address that its calls begin with.
        daemon_down_reason: One sentence; "" while the daemon is running.
        ledger_error: One sentence; "" if jobs can be recorded.
        has_token: Some pages are for the operator alone.
    """
    if daemon_down_reason:
        daemon = (
            f"{_capitalized(daemon_down_reason)}. Jobs are accepted, and wait for it."
        )
    else:
        daemon = "running"
    texts = {
        "host": host,
        "base": base,
        "version": __version__,
        "daemon": daemon,
        "daemon_class": _css_class(daemon_down_reason),
        "ledger": ledger_error or _TAKES_JOBS,
        "ledger_class": _css_class(ledger_error),
        "for_operator": " (with the operator's token)" if has_token else "",
    }
    escaped = {name: escape(text) for name, text in texts.items()}
    return _PAGE.substitute(escaped, style=_STYLE)


def _ledger_sentence(context: ApiContext) -> str:
    error = context.ledger_error()
    if error is None:
        return ""
    return f"{_capitalized(error.message)}. No jobs are accepted until that is fixed."


def _css_class(error: str) -> str:
    return "bad" if error else "good"


def _capitalized(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:].removesuffix(".")
