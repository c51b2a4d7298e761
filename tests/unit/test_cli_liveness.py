"""Whether the daemon lives, from its document alone."""

from pathlib import Path
from typing import Any

import pytest

from ytaudio_daemon.cli.liveness import Liveness, assess, read_document, read_liveness
from ytaudio_daemon.system.times import rfc3339

NOW = 1_800_000_000.0


def document(state: str = "running", *, host: str = "here", age: float = 1.0) -> Any:
    return {
        "schema": "ytaudio.daemon/1",
        "written_at": rfc3339(NOW - age),
        "stale_after_s": 30,
        "daemon": {"state": state, "host": host, "pid": 4711},
    }


@pytest.mark.parametrize(
    ("written", "process", "pulse"),
    [
        (None, True, Liveness.NEVER),
        (document(), True, Liveness.ALIVE),
        (document("starting"), True, Liveness.ALIVE),
        (document("draining"), True, Liveness.ALIVE),
        (document("degraded"), True, Liveness.DEGRADED),
        (document("stopped"), True, Liveness.STOPPED),
        (document("stopped", age=9999), False, Liveness.STOPPED),
        (document(), False, Liveness.GONE),
        (document("degraded"), False, Liveness.GONE),
        (document(age=31), True, Liveness.STALE),
        (document(age=29), True, Liveness.ALIVE),
        # A process on another machine cannot be looked at; the age decides.
        (document(host="there"), False, Liveness.ALIVE),
        (document(host="there", age=31), False, Liveness.STALE),
        # The wall clock went back: the document is of the future.
        (document(age=-3600), True, Liveness.ALIVE),
    ],
)
def test_pulse(written: Any, *, process: bool, pulse: Liveness) -> None:
    liveness = assess(written, NOW, "here", lambda _pid: process)
    assert liveness.state is pulse
    assert liveness.is_up == (pulse in {Liveness.ALIVE, Liveness.DEGRADED})
    assert bool(liveness.explanation()) != liveness.is_up, "what is down is explained"
    can_be_started = pulse in {Liveness.STOPPED, Liveness.GONE, Liveness.NEVER}
    told = liveness._replace(
        start_command=lambda: "sudo systemctl start it"
    ).explanation()
    assert told.endswith("start it: sudo systemctl start it") == can_be_started


def test_nothing_there_means_it_never_ran(tmp_path: Path) -> None:
    assert read_liveness(tmp_path).state is Liveness.NEVER


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}'])
def test_a_foreign_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "daemon.json"
    path.write_text(content)
    with pytest.raises(OSError, match="is no status document") as caught:
        read_document(path)
    assert caught.value.filename == str(path)
