"""A drop's name cannot steer the terminal of whoever reads the log."""

import io
import json
import logging

import pytest

from ytaudio_daemon.system import journal, logs
from ytaudio_daemon.system.log_escaping import escape_json, escape_text

#: CSI in one character, a direction mark, a lone surrogate, and what may stay.
NAME = "a\x9b31m\u202ecod.\udc9b日本 \U0001f3b5"
EVIL = "\x9b\u202e\udc9b"


def test_json_keeps_its_meaning_and_every_character_is_printable() -> None:
    line = escape_json(json.dumps({"file": NAME}, ensure_ascii=False))
    assert line.isprintable()
    assert json.loads(line) == {"file": NAME}
    assert "日本 \U0001f3b5" in line, "what can be read stays readable"


def test_a_text_keeps_its_lines() -> None:
    assert escape_text(f"one\ttwo\n{NAME}") == (
        "one\ttwo\na\\x9b31m\\u202ecod.\\udc9b日本 \U0001f3b5"
    )


@pytest.mark.parametrize("make", [logs._json_formatter, logs._console_formatter])
def test_no_form_of_the_log_has_it_raw(make: object) -> None:
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(make())  # type: ignore[operator] # one of two functions
    record = logging.LogRecord(NAME, 20, "", 1, f"took {NAME}", None, None)
    handler.emit(record)
    assert not set(EVIL) & set(stream.getvalue())
    assert "took" in stream.getvalue()


def test_the_journal_has_none_of_it_raw() -> None:
    logged = {"event": "drop.taken", "file": NAME, "files": [NAME], "exception": NAME}
    for _, text in journal.journal_fields(logged):
        assert not set(EVIL) & set(text)
