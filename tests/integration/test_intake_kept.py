"""Files that stay in place: what follows when they come again, change, or may move."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.intake_rig import LINKS, House, acting_as
from tests.others import NOBODY, mounted, needs_root
from ytaudio_daemon.errors import LedgerBusyError
from ytaudio_daemon.intake import intake, previous_lines, recording
from ytaudio_daemon.intake.unmovable_folders import MAX_NAMED, UnmovableFolders
from ytaudio_daemon.ledger import Connection, drop_queries
from ytaudio_daemon.ledger.drop_queries import KeptFile


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep")
    yield made
    made.close()


def states(house: House) -> list[tuple[object, ...]]:
    return house.ask("SELECT state, filed_name FROM drops ORDER BY id")


def ignored(house: House) -> str:
    return str(house.intake.ignored_files.ignored.get("alice", ""))


def test_a_kept_file_dropped_again_as_it_was_gets_an_answer(house: House) -> None:
    house.drop()
    house.take()
    assert ignored(house) == ""
    (house.inbox / "songs.txt").unlink()
    house.take()
    house.drop()

    house.take()

    assert states(house) == [("kept", None)]
    assert "taken again when its content changes" in ignored(house)
    assert "retry --session alice --failed" in ignored(house)
    house.take()
    assert "taken again" in ignored(house)
    house.drop(content=f"{LINKS}https://youtu.be/BBBBBBBBBBB\n")
    house.take()
    assert states(house) == [("kept", None), ("kept", None)]
    assert ignored(house) == ""


def test_a_kept_file_that_nobody_touched_needs_no_answer(house: House) -> None:
    house.drop()
    house.take()
    house.restart()
    house.take()
    assert states(house) == [("kept", None)]
    assert ignored(house) == ""


def test_of_a_list_that_grew_before_a_crash_was_over_only_the_new_lines_count(
    house: House,
) -> None:
    house.drop()
    house.die_at("drop.recorded")
    house.drop(content=f"{LINKS}https://youtu.be/BBBBBBBBBBB\n")

    house.take()

    assert states(house) == [("kept", None), ("kept", None)]
    lines = house.ask("SELECT drop_id, line FROM lines ORDER BY drop_id, line")
    assert lines == [(1, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("songs.txt", "words " * 100 + "{}"),
        ("songs.csv", '"' + "description, " * 50 + '",{}'),
        ("songs.jsonl", '["' + "words " * 100 + '", "{}"]'),
        ("songs.json", '["' + "words " * 100 + ' {}"]'),
    ],
)
def test_a_link_at_the_end_of_a_long_line_that_changed_counts(
    house: House, name: str, line: str
) -> None:
    links = ["https://youtu.be/AAAAAAAAAAA", "https://yewtu.be/watch?v=BBBBBBBBBBB"]
    lines = [line.format(link) for link in links]
    house.drop(name, lines[0])
    house.take()

    house.drop(name, "\n".join(lines))
    house.take()

    recorded = "SELECT drop_id, line, result FROM lines ORDER BY drop_id, line"
    assert house.ask(recorded) == [(1, 1, "accepted"), (2, 2, "rejected")]
    house.drop(name, "\n".join([*lines, ""]))
    house.take()
    assert len(house.ask(recorded)) == 2, "neither counts again"


def many(count: int) -> str:
    return "".join(f"https://youtu.be/{number:011d}\n" for number in range(count))


def test_a_long_list_that_grew_is_looked_through_in_pieces(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previous_lines, "LINES_PER_PAGE", 100)
    monkeypatch.setattr(recording, "READ_LINES_S", 0)  # a known line is a piece
    house.drop("long.txt", many(250))
    house.take()
    house.drop("long.txt", many(251))
    house.intake.mark_dirty(None)
    for _ in range(200):
        assert house.intake.process_drops(house.now, time.monotonic())
    house.drop("short.txt")
    house.take()
    names = house.ask("SELECT name FROM drops ORDER BY id")
    assert names == [(b"long.txt",), (b"short.txt",), (b"long.txt",)]
    assert house.ask("SELECT line FROM lines WHERE drop_id = 3") == [(251,)]


def test_a_page_that_cannot_be_read_is_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.drop(content=many(2))
    house.take()
    house.drop(content=many(3))
    with monkeypatch.context() as patch:
        patch.setattr(drop_queries, "written_lines_after", busy)
        with pytest.raises(LedgerBusyError):
            house.take()
    house.take()
    assert house.ask("SELECT line FROM lines WHERE drop_id = 2") == [(3,)]


def test_what_was_read_before_the_ledger_failed_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        house.drop(f"{number}.txt", many(2))
    house.take()
    for number in range(3):
        house.drop(f"{number}.txt", many(3))
    calls: list[Callable[[Connection, KeptFile], list[int]]]
    calls = [drop_queries.kept_drops, busy]

    def busy_at_the_second_file(db: Connection, file: KeptFile) -> list[int]:
        return calls.pop(0)(db, file)

    monkeypatch.setattr(intake, "STEP_S", 10)  # one step reads them all
    with monkeypatch.context() as patch:
        patch.setattr(drop_queries, "kept_drops", busy_at_the_second_file)
        with pytest.raises(LedgerBusyError):
            house.take()
    house.take()
    assert states(house) == [("kept", None)] * 6
    assert house.ask("SELECT line FROM lines WHERE drop_id > 3") == [(3,)] * 3


def busy(*_: object) -> list[int]:
    raise LedgerBusyError("another process has it")


def test_of_a_list_that_grew_while_it_was_half_recorded_each_line_counts_once(
    house: House,
) -> None:
    content = "".join(f"nonsense {number}\n" for number in range(1500)) + LINKS
    house.drop(content=content)
    house.die_at("batch.recorded")
    house.drop(content=f"{content}https://youtu.be/BBBBBBBBBBB\n")

    house.take()

    assert states(house) == [("kept", None), ("kept", None)]
    assert house.ask("SELECT count(*) FROM lines") == [(1503,)]


def test_kept_namesakes_in_both_folders_of_the_default_session(house: House) -> None:
    folder = house.layout.inbox / "default"
    folder.mkdir()
    (house.layout.inbox / "songs.txt").write_text(LINKS)
    (folder / "songs.txt").write_text("https://youtu.be/BBBBBBBBBBB\n")
    house.take()
    house.restart()
    house.take()
    assert states(house) == [("kept", None), ("kept", None)]
    house.show()
    told = [
        "AAAAAAAAAAA" in path.read_text()
        for path in sorted(house.layout.receipts("default").iterdir())
    ]
    assert sorted(told) == [False, True]


def test_namesakes_in_both_folders_of_the_default_session_are_told_apart(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    folder = house.layout.inbox / "default"
    folder.mkdir()
    (house.layout.inbox / "songs.txt").write_text(LINKS)
    (folder / "songs.txt").write_text("https://youtu.be/BBBBBBBBBBB\n")
    house.take()
    house.show()
    assert sorted(p.name for p in house.layout.receipts("default").iterdir()) == [
        "songs.2.txt.json",
        "songs.txt.json",
    ]
    house.close()


def unmovable(house: House) -> list[tuple[str, str]]:
    return list(house.intake.ignored_files.unmovable_folders.reports())


@needs_root
def test_what_could_not_be_moved_is_moved_when_it_may_be() -> None:
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.drop()
        with acting_as(NOBODY, Path(folder)):
            house.inbox.chmod(0o555)
            house.take()
            assert states(house) == [("kept", None)]
            house.restart()
            house.take()
            assert states(house) == [("kept", None)]
            (problem,) = unmovable(house)
            assert f"chmod o+rwx {house.inbox}" in problem[1]
            os.utime(house.inbox / "songs.txt")  # comes again as it was
            house.take()
            assert "kept" in ignored(house)
            house.inbox.chmod(0o755)
            house.take()
            house.let_pass(60)
            house.take()
        assert states(house) == [("filed", b"songs.txt")]
        assert unmovable(house) == []
        assert (house.inbox / "processed" / "songs.txt").read_text() == LINKS
        assert house.ask("SELECT count(*) FROM lines") == [(2,)]
        house.show()
        assert (house.inbox / "processed" / "songs.txt.receipt.txt").exists()
        house.close()


#: What PowerShell appends to a UTF-8 file by `>>`.
UTF_16 = "https://youtu.be/BBBBBBBBBBB\r\n".encode("utf-16-le")


@pytest.mark.parametrize(
    ("added", "result"), [(b"\0" * 4096, "rejected"), (UTF_16, "accepted")]
)
def test_odd_bytes_added_to_a_kept_file_are_a_line_with_its_result(
    house: House, added: bytes, result: str
) -> None:
    house.drop()
    house.take()
    with (house.inbox / "songs.txt").open("ab") as file:
        file.write(added)
    house.take()
    assert house.ask("SELECT line, result FROM lines WHERE drop_id = 2") == [
        (3, result)
    ]
    house.show()
    (receipt,) = house.layout.receipts("alice").iterdir()
    assert f'"result": "{result}"' in receipt.read_text()


def test_a_kept_file_put_right_by_its_old_content_waits_no_longer(
    house: House,
) -> None:
    house.drop()
    house.take()
    house.drop(content="\0" * 4096)
    house.take()
    assert house.intake.ignored_files.waiting
    house.drop()
    house.take()
    assert house.intake.ignored_files.waiting == []


def test_a_kept_file_that_grew_too_big_keeps_its_receipt(tmp_path: Path) -> None:
    house = House(
        tmp_path, YTAUDIO_INBOX_AFTER_INTAKE="keep", YTAUDIO_INBOX_MAX_FILE_SIZE="1KiB"
    )
    house.drop()
    house.take()
    house.drop(content=LINKS * 100)
    house.take()
    assert states(house) == [("kept", None)]
    ((_, reason),) = house.intake.ignored_files.waiting
    assert "max_file_size" in reason
    house.close()


@pytest.mark.parametrize("kind", ["mount", "link", "file"])
def test_a_processed_that_is_no_plain_folder_is_named_and_fails_no_step(
    tmp_path: Path, kind: str
) -> None:
    house = House(tmp_path)
    processed = house.inbox / "processed"
    remedy = {"mount": "Unmount", "link": "Remove it", "file": "Remove it"}[kind]
    with ExitStack() as stack:
        stack.callback(house.close)
        if kind == "mount":
            processed.mkdir()
            stack.enter_context(mounted(processed, "-t", "tmpfs", "none"))
        elif kind == "link":
            processed.symlink_to(tmp_path)
        else:
            processed.write_text("mine")
        house.drop()
        house.take()  # raises what would fail the step
        assert states(house) == [("kept", None)]
        ((message, hint),) = unmovable(house)
        assert str(house.inbox) in message
        assert remedy in hint
        assert "chmod" not in hint
        if kind != "mount":
            processed.unlink()
            house.let_pass(60)
            house.take()
            assert states(house) == [("filed", b"songs.txt")]
            assert unmovable(house) == []


def test_each_folder_whose_drops_cannot_be_moved_is_named_until_they_can(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    folders = [house.layout.inbox / name for name in ("alice", "bob", "carol")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "processed").write_text("mine")
        (folder / "songs.txt").write_text(LINKS)
    house.take()
    while folders:
        messages = [message for message, _ in unmovable(house)]
        assert len(messages) == len(folders)
        assert all(str(f) in m for f, m in zip(folders, messages, strict=True))
        (folders.pop(0) / "processed").unlink()
        house.let_pass(60)
        house.take()
    assert unmovable(house) == []
    house.close()


@needs_root
@pytest.mark.parametrize("closed", ["", "processed"])
def test_the_remedy_names_the_folder_that_is_closed(closed: str) -> None:
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.drop()
        (house.inbox / "processed").mkdir()
        place = house.inbox / closed
        with acting_as(NOBODY, Path(folder)):
            place.chmod(0o500)
            house.take()
            ((_, hint),) = unmovable(house)
            place.chmod(0o755)
        assert hint.startswith(f"Allow it with: chmod o+rwx {place} (or")
        house.close()


@needs_root
def test_a_file_that_only_its_owner_may_move_is_no_matter_of_chmod() -> None:
    with TemporaryDirectory() as folder:
        house = House(Path(folder))
        house.drop()
        with acting_as(NOBODY, Path(folder)):
            pass
        os.chown(house.inbox, 0, 0)
        house.inbox.chmod(0o1777)  # a sticky folder, as /tmp is
        os.chown(house.inbox / "songs.txt", 0, 0)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            house.take()
        finally:
            os.seteuid(0)
            os.setegid(0)
        ((_, hint),) = unmovable(house)
        assert hint.startswith("Let the daemon's user own")
        house.close()


def test_a_file_with_a_mount_on_it_is_named_until_it_is_unmounted(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.drop()
    drop = house.inbox / "songs.txt"
    with mounted(drop, "--bind", str(drop)):
        house.take()  # comes to rest
        ((path, reason),) = house.intake.ignored_files.waiting
        assert path == "inbox/alice/songs.txt"
        assert "something is mounted on the file" in reason
        assert "Unmount what is mounted" in reason
    house.take()
    assert states(house) == [("filed", b"songs.txt")]
    assert not house.intake.ignored_files.waiting
    house.close()


def test_many_folders_whose_drops_cannot_be_moved_are_counted() -> None:
    unmovable_folders = UnmovableFolders()
    for number in range(MAX_NAMED + 5):
        unmovable_folders.add(Path(f"/inbox/{number:03d}"), OSError("no"))
    *named, (counted, _) = unmovable_folders.reports()
    assert len(named) == MAX_NAMED
    assert "drops in 5 more folders" in counted
