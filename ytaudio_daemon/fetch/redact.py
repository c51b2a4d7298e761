"""Removes secrets from messages and logs. Pure."""

import re
from collections import deque
from collections.abc import Iterable

#: Signed media addresses carry their signature in the path too.
_SIGNED = re.compile(r"(https?://[\w.-]*googlevideo\.com)(?::\d+)?/[^\s\"'<>]*")
_CREDENTIALS = re.compile(r"(\b[a-z]\w{1,9}://)[^\s/@\"']+@", re.IGNORECASE)
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)[?#][^\s\"'<>]*")
_RELATIVE_QUERY = re.compile(r"(\burl: /[^\s?\"'<>]*)\?[^\s\"'<>)]*")
_HEADER = re.compile(
    r"\b((?:Proxy-)?Authorization|Set-Cookie|Cookie)\b(['\"]?\s*[:=]\s*)[^\n]*",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"\b(__Secure-[\w-]+|LOGIN_INFO|S?APISID|H?SID|SSID|VISITOR_INFO1_LIVE"
    r"|po_?token|pot|visitor_?data|signature|sig|lsig|key|access_token)(=)[^\s&;,'\"]+",
    re.IGNORECASE,
)
_MAX_LINE = 4000
_MAX_SHOWN = 600
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def redact(text: str) -> str:
    """Return `text` without queries, signatures, cookies, passwords and escapes."""
    text = _CONTROL.sub("", text)
    text = _HEADER.sub(r"\1\2[hidden]", text)
    text = _SIGNED.sub(r"\1/[hidden]", text)
    text = _CREDENTIALS.sub(r"\1[hidden]@", text)
    text = _QUERY.sub(r"\1?[hidden]", text)
    text = _RELATIVE_QUERY.sub(r"\1?[hidden]", text)
    return _WORD.sub(r"\1\2[hidden]", text)


def log_tail(
    lines: Iterable[str], *, max_lines: int = 40, max_chars: int = 4000
) -> str:
    """Return the last lines, redacted and bounded."""
    last = deque((line for line in lines if line.strip()), maxlen=max_lines)
    # Cut at the end before redacting: the name of a secret comes before the secret.
    kept = [redact(line[:_MAX_LINE]).rstrip()[:_MAX_SHOWN] for line in last]
    return "\n".join(kept)[-max_chars:]
