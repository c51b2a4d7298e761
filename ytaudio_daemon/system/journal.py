"""Sends log entries to systemd's journal field by field, without libsystemd.

`journalctl -u ytaudio-daemon SESSION=alice` then finds what happened to Alice's links.
The protocol is one datagram of `FIELD=value` lines, or for values of several lines the
field's name, the length in 64 bits and the value
(https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
"""

import json
import os
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ytaudio_daemon.system.log_escaping import escape_text
from ytaudio_daemon.system.nonblocking_stream import NonBlockingStream

SOCKET = Path("/run/systemd/journal/socket")
#: syslog(3)'s numbers.
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
#: Sent in other fields, or added by the journal itself.
_EXCLUDED_FIELDS = frozenset({"event", "exception", "level", "timestamp"})
#: Fields that the journal gives a meaning of its own (systemd.journal-fields(7)).
_RESERVED_FIELDS = re.compile(
    r"MESSAGE.*|PRIORITY|CODE_.*|ERRNO|SYSLOG_.*|(OBJECT|COREDUMP|UNIT).*"
)


def reads_stderr(environ: Mapping[str, str]) -> bool:
    """Return whether the journal reads our standard error (`$JOURNAL_STREAM`)."""
    with suppress(OSError):
        found = os.fstat(2)
        return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
    return False


class JournalStream:
    """A text stream of JSON lines for `logging.StreamHandler`.

    It never blocks: lines that the journal does not accept at once, or that are too big
    for a datagram, go to standard error as JSON.

    Args:
        fallback: Standard error; it drops lines that are not read.
        address: The journal's socket.
    """

    def __init__(self, fallback: NonBlockingStream, address: Path = SOCKET) -> None:
        self._fallback = fallback
        self._address = str(address)
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_UNIX, kind)

    def write(self, line: str) -> None:
        """Send a line, a JSON object."""
        datagram = b"".join(
            _encode_field(name, text) for name, text in journal_fields(json.loads(line))
        )
        try:
            self._socket.sendto(datagram, self._address)
        except OSError:
            self._fallback.write(line)

    def flush(self) -> None:
        """Do nothing: lines are sent at once."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def journal_fields(event_dict: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the journal's fields for a log entry. Pure."""
    details = {
        name: escape_text(value if isinstance(value, str) else _to_json(value))
        for name, value in event_dict.items()
        if name not in _EXCLUDED_FIELDS and value is not None
    }
    event = escape_text(str(event_dict.get("event", "")))
    yield "MESSAGE", _message(event, details, event_dict.get("exception"))
    yield "PRIORITY", str(PRIORITIES.get(str(event_dict.get("level")), 6))
    yield "SYSLOG_IDENTIFIER", "ytaudio"
    yield "EVENT", event
    for name, text in details.items():
        yield _field_name(name), text


def _message(event: str, details: Mapping[str, str], trace: object) -> str:
    """Return the entry as a line for people: `job.completed session=alice title="A song"`."""
    words = [event, *(f"{name}={_quoted(text)}" for name, text in details.items())]
    line = " ".join(words)
    return f"{line}\n{escape_text(str(trace))}" if trace else line


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    is_plain = re.fullmatch(r'[^\s"]+|[\[{].*', text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def _field_name(name: str) -> str:
    """Return a field's name in the journal's alphabet; names reserved there get a prefix."""
    field = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    if _RESERVED_FIELDS.fullmatch(field) or not field[:1].isalpha():
        field = f"YTAUDIO_{field}"
    return field[:64]  # the journal drops longer ones


def _encode_field(name: str, text: str) -> bytes:
    value = text.encode("utf-8", "backslashreplace")
    if b"\n" not in value:
        return name.encode() + b"=" + value + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
