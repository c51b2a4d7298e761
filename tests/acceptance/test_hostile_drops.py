"""Junk, traps and unreadable things in the inbox: named, left alone, never in the way."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links
from tests.acceptance.strangers import nobodys_house
from tests.youtube import Fault, YouTube


def ignored(home: House, session: str) -> dict[str, str]:
    """Return what a session's status names as not taken."""
    shown = home.session(session).get("session", {}).get("ignored", [])
    return {entry["file"]: entry["reason"] for entry in shown}


def test_what_is_no_drop_stays_and_is_named(home: House, tmp_path: Path) -> None:
    [video] = ids("TRAP", 1)
    folder = home.inbox / "traps"
    folder.mkdir()
    os.mkfifo(folder / "pipe.txt")
    secret = tmp_path / "secret.txt"
    secret.write_text(links(ids("TRAPSECRET", 1)))
    (folder / "link.txt").symlink_to(secret)
    (folder / "folder.txt").mkdir()
    (folder / "music.mp3").write_bytes(b"ID3")
    for name in (".hidden.txt", "x.txt~", "~$x.txt", "y.txt.part", "z.txt.crdownload"):
        (folder / name).write_text(links(ids("TRAPTEMP", 1)))
    home.drop("traps", links([video]))
    home.wait_for_state("traps", video, "completed")
    named = {"pipe.txt", "link.txt", "music.mp3"}
    home.wait(lambda: set(ignored(home, "traps")) == named)
    assert list(home.jobs("traps")) == [video]
    assert len(list(folder.iterdir())) == len(named) + 5 + 2


def test_a_device_is_never_opened(home: House) -> None:
    """/dev/zero has no end, and reading some devices changes the machine."""
    [video] = ids("DEVICE", 1)
    folder = home.inbox / "devices"
    folder.mkdir()
    try:
        for name, minor in (("null.txt", 3), ("zero.txt", 5)):
            os.mknod(folder / name, stat.S_IFCHR | 0o666, os.makedev(1, minor))
    except PermissionError:
        pytest.skip("only root makes devices")
    home.drop("devices", links([video]))
    home.wait_for_state("devices", video, "completed")
    home.wait(lambda: set(ignored(home, "devices")) == {"null.txt", "zero.txt"})
    assert list(home.jobs("devices")) == [video]


def test_a_temporary_name_is_taken_when_it_gets_its_final_one(home: House) -> None:
    [video] = ids("TEMP", 1)
    part = home.drop("temporary", links([video]), "songs.txt.part")
    part.rename(part.with_suffix(""))
    home.wait_for_state("temporary", video, "completed")


def test_an_empty_file_waits_for_its_content(home: House) -> None:
    first, second = ids("EMPTY", 2)
    path = home.inbox / "empty" / "later.txt"
    path.parent.mkdir()
    path.touch()
    home.drop("empty", links([first]))
    home.wait_for_state("empty", first, "completed")
    assert path.exists()
    path.write_text(links([second]))
    home.wait_for_state("empty", second, "completed")


NAMES = [
    b"line\nbreak.txt",
    b"\x1b[31mred\x07.txt",
    "🎵 ünïcode.txt".encode(),
    b"latin-\xe9.txt",
    b"n" * 251 + b".txt",
    b"-rf.txt",
    b"$(id) `id` %s.txt",
    b"a.receipt.txt.txt",
]


def test_names_of_any_bytes(home: House) -> None:
    videos = ids("BYTES", len(NAMES))
    for name, video in zip(NAMES, videos, strict=True):
        home.drop("bytes", links([video]), name)
    assert home.wait_done("bytes", len(NAMES))["completed"] == len(NAMES)
    home.wait(
        lambda: {p.name for p in (home.inbox / "bytes").iterdir()} == {"processed"}
    )
    receipts = home.root / "status" / "receipts" / "bytes"
    home.wait(lambda: len(list(receipts.iterdir())) == len(NAMES))
    processed = home.inbox / "bytes" / "processed"

    def for_people() -> list[bytes]:
        filed = [os.fsencode(path.name) for path in processed.iterdir()]
        return [name for name in filed if name.endswith(b".receipt.txt")]

    home.wait(lambda: len(for_people()) == len(NAMES))
    shown = home.must("status", "bytes") + home.must("jobs", "-s", "bytes")
    shown += home.must("session", "show", "bytes")
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_folder_that_cannot_be_a_session_is_a_problem(open_house: Opener) -> None:
    home = open_house(inbox_rescan="500ms")  # deletions are not watched
    names = [b"two\nlines", b"-dash", b"latin-\xe9", b"x" * 101, b"Processed"]
    folders = [home.inbox / os.fsdecode(name) for name in names]
    for folder in folders:
        folder.mkdir()
        (folder / "songs.txt").write_text(links(ids("FOLDER", 1)))

    def complaints() -> int:
        codes = [problem["code"] for problem in home.daemon["problems"]]
        return codes.count("bad_session_folder")

    home.wait(lambda: complaints() == len(names))
    shown = home.must("status")
    assert all(word in shown for word in ("-dash", "UTF-8", "1 to 100 bytes"))
    for folder in folders:
        assert (folder / "songs.txt").exists()
        shutil.rmtree(folder)
    home.wait(lambda: complaints() == 0)


def test_lines_and_files_beyond_the_limits(open_house: Opener) -> None:
    house = open_house(inbox_max_file_size="12MB")
    [video] = ids("LIMIT", 1)
    line = b"x" * 10_000_000 + b"\n"
    house.wait_filed(house.drop("limits", line + links([video]).encode()))
    receipt = house.wait_receipt("limits", accepted=1, rejected=1)
    assert [entry["code"] for entry in receipt["lines"]] == ["line_too_long", None]
    assert max(len(entry["text"]) for entry in receipt["lines"]) < 10_000
    huge = house.drop("limits", line * 2, "huge.txt")
    house.wait_filed(huge, "rejected")
    told = huge.parent / "rejected" / "huge.txt.reason.txt"
    assert "max_file_size" in house.wait(lambda: told.exists() and told.read_text())
    house.wait_for_state("limits", video, "completed")


def test_a_session_folder_deleted_in_the_middle(home: House, site: YouTube) -> None:
    [video] = ids("DELETED", 1)
    site.fault(video, Fault.throttles(30_000))
    home.drop("deleted", links([video]))
    site.wait_for(video, "media")
    shutil.rmtree(home.inbox / "deleted")
    job = home.wait_for_state("deleted", video, "completed")
    assert Path(job["output_path"]).exists()
    home.wait_receipt("deleted", completed=1)
    known = {"engine_stale", "file_not_taken"}  # others' leftovers
    assert not [p for p in home.daemon["problems"] if p["code"] not in known]
    [after] = ids("DELAFTER", 1)
    home.drop("deleted", links([after]))
    home.wait_for_state("deleted", after, "completed")


@pytest.fixture
def nobodys(site: YouTube) -> Iterator[House]:
    with nobodys_house(site) as house:
        yield house


def test_an_inbox_that_cannot_be_written_keeps_its_drops(nobodys: House) -> None:
    first, second, third = ids("RO", 3)
    path = nobodys.drop("shared", links([first]))
    nobodys.start()
    assert nobodys.wait_done("shared", 1)["completed"] == 1
    assert path.exists()
    problem = nobodys.wait(lambda: nobodys.problem("drop_not_movable"))
    assert f"chmod o+rwx {path.parent}" in problem["hint"]
    path.write_text(links([first, second]))
    assert nobodys.wait_done("shared", 2)["completed"] == 2
    nobodys.stop()
    nobodys.start()
    unreadable = nobodys.drop("shared", links([third]), "closed.txt")
    unreadable.chmod(0)
    waits = nobodys.wait(lambda: nobodys.problem("drop_waits"))
    assert "closed.txt" in waits["message"]
    assert "chmod o+r" in waits["message"]
    closed = nobodys.inbox / "closed"
    closed.mkdir(mode=0o700)
    unreadable.chmod(0o644)
    assert nobodys.wait_done("shared", 3)["completed"] == 3
    nobodys.wait(lambda: nobodys.problem("bad_session_folder"))
    assert f"chmod o+rx {closed}" in str(nobodys.problem("bad_session_folder"))
    assert len(nobodys.query("SELECT id FROM drops")) == 3
