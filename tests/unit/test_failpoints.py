"""The named steps: each stands in the code once, and without an observer does nothing."""

import re
from collections import Counter
from pathlib import Path

import pytest

import ytaudio_daemon
from ytaudio_daemon.system import failpoints


def test_every_named_step_is_passed_somewhere() -> None:
    package = Path(ytaudio_daemon.__file__).parent
    code = "".join(path.read_text() for path in package.rglob("*.py"))

    assert set(re.findall(r'failpoints\.failpoint\(\s*"([a-z_.]+)"', code)) == {
        *failpoints.FAILPOINTS,
        *failpoints.COMMAND_FAILPOINTS,
    }


def test_no_step_is_named_twice() -> None:
    assert max(Counter(failpoints.FAILPOINTS).values()) == 1


def test_nobody_observes_unless_asked() -> None:
    assert failpoints._observers == []
    failpoints.failpoint("drop.read", "nothing happens")


def test_observers_are_told_what_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_observers", [])
    told: list[tuple[str, str]] = []
    failpoints.on_failpoint(lambda step, about: told.append((step, about)))

    failpoints.failpoint("drop.read", b"songs.txt")

    assert told == [("drop.read", "b'songs.txt'")]
