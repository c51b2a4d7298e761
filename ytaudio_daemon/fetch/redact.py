"""Keep secrets out of messages and logs. Pure."""

import re
from collections.abc import Iterable

#: Signed media addresses carry their signature in the path too.
_SIGNED = re.compile(r"(https?://[\w.-]*googlevideo\.com)(?::\d+)?/[^\s\"'<>]*")
_CREDENTIALS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)[?#][^\s\"'<>]*")
_RELATIVE_QUERY = re.compile(r"(\burl: /[^\s?\"'<>]*)\?[^\s\"'<>)]*")
_HEADER = re.compile(
    r"\b((?:Proxy-)?Authorization|Set-Cookie|Cookie)\b(['\"]?\s*[:=]\s*)[^\n]*",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\b(__Secure-[\w-]+|LOGIN_INFO|S?APISID|H?SID|SSID|VISITOR_INFO1_LIVE"
    r"|po_?token|pot|visitor_?data|signature|sig|lsig|key|access_token)(=)[^\s&;,'\"]+",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def redact(text: str) -> str:
    """Return `text` without queries, signatures, cookies, passwords and escapes."""
    text = _CONTROL.sub("", text)
    text = _HEADER.sub(r"\1\2[hidden]", text)
    text = _SIGNED.sub(r"\1/[hidden]", text)
    text = _CREDENTIALS.sub(r"\1[hidden]@", text)
    text = _QUERY.sub(r"\1?[hidden]", text)
    text = _RELATIVE_QUERY.sub(r"\1?[hidden]", text)
    return _TOKEN.sub(r"\1\2[hidden]", text)


def log_tail(
    lines: Iterable[str], *, max_lines: int = 40, max_chars: int = 4000
) -> str:
    """Return the last lines, redacted and bounded."""
    kept = [redact(line).rstrip()[:600] for line in lines]
    return "\n".join([line for line in kept if line][-max_lines:])[-max_chars:]
