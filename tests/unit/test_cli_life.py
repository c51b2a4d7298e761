"""Whether the daemon lives, from its document alone."""

from pathlib import Path
from typing import Any

import pytest

from ytaudio_daemon.cli.formatting import stamp_of
from ytaudio_daemon.cli.liveness import Pulse, judge, look, read_document

NOW = 1_800_000_000.0


def document(state: str = "running", *, host: str = "here", age: float = 1.0) -> Any:
    return {
        "schema": "ytaudio.daemon/1",
        "written_at": stamp_of(NOW - age),
        "stale_after_s": 30,
        "daemon": {"state": state, "host": host, "pid": 4711},
    }


@pytest.mark.parametrize(
    ("written", "process", "pulse"),
    [
        (None, True, Pulse.NEVER),
        (document(), True, Pulse.ALIVE),
        (document("starting"), True, Pulse.ALIVE),
        (document("draining"), True, Pulse.ALIVE),
        (document("degraded"), True, Pulse.DEGRADED),
        (document("stopped"), True, Pulse.STOPPED),
        (document("stopped", age=9999), False, Pulse.STOPPED),
        (document(), False, Pulse.GONE),
        (document("degraded"), False, Pulse.GONE),
        (document(age=31), True, Pulse.STALE),
        (document(age=29), True, Pulse.ALIVE),
        # A process on another machine cannot be looked at; the age decides.
        (document(host="there"), False, Pulse.ALIVE),
        (document(host="there", age=31), False, Pulse.STALE),
        # The wall clock went back: the document is of the future.
        (document(age=-3600), True, Pulse.ALIVE),
    ],
)
def test_pulse(written: Any, *, process: bool, pulse: Pulse) -> None:
    life = judge(written, NOW, "here", lambda _pid: process)
    assert life.pulse is pulse
    assert life.is_up == (pulse in {Pulse.ALIVE, Pulse.DEGRADED})
    assert bool(life.sentence()) != life.is_up, "what is down is explained"
    can_be_started = pulse in {Pulse.STOPPED, Pulse.GONE, Pulse.NEVER}
    told = life._replace(start=lambda: "sudo systemctl start it").sentence()
    assert told.endswith("start it: sudo systemctl start it") == can_be_started


def test_nothing_there_means_it_never_ran(tmp_path: Path) -> None:
    assert look(tmp_path).pulse is Pulse.NEVER


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}'])
def test_a_foreign_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "daemon.json"
    path.write_text(content)
    with pytest.raises(OSError, match="is no status document") as caught:
        read_document(path)
    assert caught.value.filename == str(path)
