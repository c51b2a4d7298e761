"""The threads that the daemon starts, where the machine lets it start none."""

import threading
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from ytaudio_daemon.daemon.start import _scheduled
from ytaudio_daemon.errors import YtaudioError


def test_a_machine_without_room_for_a_thread_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> NoReturn:
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    updater = SimpleNamespace(request_upgrade_check=print)
    services: Any = SimpleNamespace(ytdlp_updater=updater)
    loop: Any = SimpleNamespace(request_sweep=print, request_looks=print)
    with (
        pytest.raises(YtaudioError, match="can't start new thread") as raised,
        _scheduled(services, loop),
    ):
        pass
    assert "TasksMax=" in raised.value.hint
