"""No secret in a message or a log."""

import pytest

from ytaudio_daemon.fetch.redact import log_tail, redact


@pytest.mark.parametrize(
    "text",
    [
        "GET https://rr3---sn-x.googlevideo.com/videoplayback?expire=1&sig=SECRET",
        "https://manifest.googlevideo.com/api/manifest/hls/expire/1/sig/SECRET/file",
        "https://www.youtube.com/youtubei/v1/player?key=SECRET",
        "Max retries exceeded with url: /videoplayback?sig=SECRET (Caused by x)",
        "proxy http://user:SECRET@proxy.example:3128 refused",
        "Cookie: SID=a; SAPISID=SECRET",
        "{'Authorization': 'SAPISIDHASH 1_SECRET'}",
        "Set-Cookie: LOGIN_INFO=SECRET; Path=/",
        "po_token=SECRET",
        "__Secure-3PSID=SECRET",
    ],
)
def test_secrets_disappear(text: str) -> None:
    assert "SECRET" not in redact(text)


def test_the_rest_stays_readable() -> None:
    text = "HTTP Error 403: Forbidden for https://www.youtube.com/watch"
    assert redact(text) == text


def test_terminal_sequences_are_removed() -> None:
    assert redact("\x1b[31mERROR\x1b[0m\x07") == "ERROR"


def test_the_tail_is_bounded() -> None:
    lines = [f"line {n} " + "x" * 1000 for n in range(1000)]
    tail = log_tail(lines)
    assert len(tail) <= 4000
    assert "line 999" in tail
    assert "line 1 " not in tail
