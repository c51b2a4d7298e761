"""The name in the ledger must outlive the machine's."""

import socket
from pathlib import Path

import pytest

from ytaudio_daemon.folders.host_id import load_host_id


def test_it_stays_when_the_machine_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_host_id(tmp_path / "host")
    assert first == socket.gethostname()
    monkeypatch.setattr(socket, "gethostname", lambda: "renamed")
    assert load_host_id(tmp_path / "host") == first


def test_a_note_that_was_lost_in_a_crash_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "host").write_bytes(b"")
    assert load_host_id(tmp_path / "host") == socket.gethostname()
    assert (tmp_path / "host").read_text().strip() == socket.gethostname()
