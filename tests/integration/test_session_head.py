"""What the list of sessions reads of a session's status document."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ledger_rig import claimed
from tests.integration.views_rig import new_rig, video
from ytaudio_daemon.cli import session_head
from ytaudio_daemon.cli.session_head import read_session_head
from ytaudio_daemon.ledger import Ledger

DOCUMENT: dict[str, Any] = {
    "schema": "ytaudio.session/1",
    "session": {"name": 'a"jobs": [', "counts": {"running": 1}, "max_jobs": [1]},
    "jobs": [{"state": "running", "title": "Ünï, ]}"}, {"state": "queued"}],
    "truncated": False,
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "music.json"


def write(file: Path, document: Any) -> None:
    file.write_text(json.dumps(document, ensure_ascii=False))


def refuse_whole_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        pytest.fail("the whole document was read")

    monkeypatch.setattr(session_head, "read_document", refuse)


def test_the_daemons_own_document_is_read_up_to_its_running_jobs(
    sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = new_rig(sqlite_ledger, tmp_path)
    rig.drop(*(video(number) for number in range(9)))
    rig.complete()
    for _ in range(2):
        claimed(rig.ledger)
    rig.refresh()
    refuse_whole_documents(monkeypatch)
    [path] = tmp_path.rglob("sessions/music.json")
    found, whole = read_session_head(path), rig.session()
    assert found is not None
    assert found["session"] == whole["session"]
    assert found["jobs"] == whole["jobs"][:2]
    assert {job["state"] for job in whole["jobs"][2:]} == {"completed", "queued"}


def test_names_that_look_like_the_end_of_the_head_are_names(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, DOCUMENT)
    refuse_whole_documents(monkeypatch)
    found = read_session_head(file)
    assert found is not None
    assert found["session"] == DOCUMENT["session"]
    assert found["jobs"] == DOCUMENT["jobs"][:1]


def test_a_head_that_is_cut_off_is_read_with_the_rest(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, DOCUMENT)
    for size in range(file.read_bytes().index(b'}, {"state"')):
        monkeypatch.setattr(session_head, "HEAD_BYTES", size)
        assert read_session_head(file) == DOCUMENT


def test_running_jobs_that_do_not_come_first_are_found(file: Path) -> None:
    document = {**DOCUMENT, "jobs": DOCUMENT["jobs"][::-1]}
    write(file, document)
    assert read_session_head(file) == document


@pytest.mark.parametrize("text", ["", "[]", '{"jobs": []}', '{"jobs": [', "\0"])
def test_somebody_elses_file_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(OSError, match="is no status document"):
        read_session_head(file)


def test_a_document_that_is_gone_is_none(file: Path) -> None:
    assert read_session_head(file) is None
