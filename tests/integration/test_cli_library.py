"""`ytaudio library relayout`, as a person types it."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.integration.collections_rig import video
from tests.integration.library_rig import LibraryHouse
from ytaudio_daemon.cli import main

TAGS = {"artist": "Nina Simone"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LibraryHouse]:
    made = LibraryHouse(tmp_path)
    yield made
    made.close()


@pytest.fixture
def laid_out(house: LibraryHouse, monkeypatch: pytest.MonkeyPatch) -> LibraryHouse:
    """A library with two songs, one of them changed, and a config with a new layout."""
    house.drop(content="".join(f"https://youtu.be/{video(n)}\n" for n in (1, 2)))
    house.take()
    house.complete("A", tags=TAGS)
    house.complete("B", tags=TAGS)
    house.show()
    (house.shelf / "B.mp3").write_text("mine")
    monkeypatch.setenv("YTAUDIO_LIBRARY_SINGLE", "{artist}/{title}")
    return house


def run(house: LibraryHouse, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    root = str(house.layout.inbox.parent)
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--root", root, "library", "relayout", *words])
    return code, out.getvalue(), err.getvalue()


def test_a_dry_run_says_what_would_move(laid_out: LibraryHouse) -> None:
    code, out, _ = run(laid_out)
    assert code == 0
    assert out == (
        "move     alice/A.mp3\n"
        "         → alice/Nina Simone/A.mp3\n"
        "keep     alice/B.mp3: changed, moved or removed\n"
        "1 file to move, 0 in place, 1 kept as somebody left them; nothing was moved, "
        "--apply does it\n"
    )
    assert laid_out.files() == ["A.mp3", "B.mp3"]


def test_apply_moves_it_and_says_so(laid_out: LibraryHouse) -> None:
    code, out, _ = run(laid_out, "alice", "--apply")
    assert code == 0
    assert out.splitlines()[-1] == (
        "1 file moved, 0 in place, 1 kept as somebody left them"
    )
    assert any(laid_out.layout.wake_dir.iterdir())
    assert laid_out.files() == ["B.mp3", "Nina Simone/A.mp3"]


def test_the_same_for_programs(laid_out: LibraryHouse) -> None:
    code, out, _ = run(laid_out, "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["applied"], document["in_place"]) == (False, 0)
    (moved,) = document["moved"]
    assert (moved["path"], moved["new_path"]) == ("A.mp3", "Nina Simone/A.mp3")
    assert [file["path"] for file in document["kept"]] == ["B.mp3"]
    assert document["failed"] == []


def test_what_fails_is_named_and_told_by_the_exit_status(
    laid_out: LibraryHouse,
) -> None:
    (laid_out.inbox / "defaults.toml").write_text('[library]\nsingle = "{titel}"\n')
    code, out, _ = run(laid_out)
    assert code == 1
    assert "failed   alice/A.mp3: [library] single cannot be '{titel}'" in out
    assert "2 failed" in out


def test_without_a_library_or_a_session_it_says_why(
    laid_out: LibraryHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(laid_out, "nobody")[0] == 4
    monkeypatch.setenv("YTAUDIO_PATHS_LIBRARY", "")
    code, _, err = run(laid_out)
    assert code == 2
    assert "there is no library" in err
