"""`ytaudio archive` and `adopt`, as people use them: what they say, keep and forget."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forms import assert_described
from tests.integration.cli_rig import Ran, Rig, complete, record
from tests.integration.intake_rig import STRUCK
from tests.others import NOBODY, let_others_in, needs_root
from ytaudio_daemon.archive import importer
from ytaudio_daemon.cli.commands import archive_entries
from ytaudio_daemon.ledger import Ledger, archive, queries
from ytaudio_daemon.system import failpoints

A, B, C = "AAAAAAAAAAA", "BBBBBBBBBBB", "CCCCCCCCCCC"
#: `AAAAAAAAAAA` might be a word, where it stands in a name.
ODD = "dQw4w9WgXcQ"
MIXED = f"""\
youtube {A}
soundcloud 12345
# a note

youtube {B}
https://youtu.be/{C}
youtube {A}
vimeo 1
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.ledger().close()
    yield made
    made.close()


def write(rig: Rig, content: str | bytes, name: str = "old.txt") -> str:
    file = rig.root / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


def imported(rig: Rig, *videos: str, session: str = "") -> Ran:
    file = write(rig, "".join(f"youtube {video}\n" for video in videos))
    more = ["--session", session] if session else []
    ran = rig.call("archive", "import", file, *more)
    assert ran.code == 0, ran.err
    return ran


def listed(rig: Rig, *args: str) -> list[tuple[str, str | None]]:
    document = rig.call("archive", "list", "--json", *args).json
    assert_described(document)
    return [(each["video_id"], each["session"]) for each in document["entries"]]


def test_an_archive_is_imported_and_what_is_bad_is_named_with_its_line(
    rig: Rig,
) -> None:
    file = write(rig, MIXED)
    ran = rig.call("archive", "import", file)
    assert ran.code == 1
    assert ran.out == (
        "2 videos added to the archive, 1 already in it\n"
        "2 videos of other sites left out: soundcloud 1, vimeo 1\n"
    )
    assert f"{file}:6: 'https://youtu.be/{C}': a link: put it into a list" in ran.err
    assert listed(rig) == [(A, None), (B, None)]


def test_the_same_import_again_changes_nothing(rig: Rig) -> None:
    file = write(rig, MIXED)
    rig.call("archive", "import", file)
    before = rig.call("archive", "list", "--json").out
    document = rig.call("archive", "import", file, "--json").json
    assert_described(document)
    assert (document["added"], document["known"], document["bad"]) == (0, 3, 1)
    assert document["other_sites"] == {"soundcloud": 1, "vimeo": 1}
    assert document["problems"] == [
        {
            "file": file,
            "line": 6,
            "text": f"https://youtu.be/{C}",
            "message": f'a link: put it into a list to download it, or write "youtube {C}" '
            "if you have it",
        }
    ]
    assert rig.call("archive", "list", "--json").out == before


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeffyoutube {A}\r\nyoutube {B}".encode(),
        f"youtube {A}\nyoutube {B}\n".encode("utf-16"),
    ],
)
def test_archives_written_on_windows_are_read(rig: Rig, content: bytes) -> None:
    assert rig.call("archive", "import", write(rig, content)).code == 0
    assert listed(rig) == [(A, None), (B, None)]


def test_a_file_that_is_no_archive_is_refused_line_by_line_and_not_by_the_thousand(
    rig: Rig,
) -> None:
    noise = b"\n".join(b"\xff\xfe no %d" % n for n in range(30)) + b"\n" + b"x" * 99_999
    ran = rig.call("archive", "import", write(rig, b"#\n" + noise))
    assert (ran.code, ran.err.count("\n")) == (1, 21)
    assert "… and 11 more that cannot be used" in ran.err
    assert listed(rig) == []


def test_standard_input_and_several_files_are_read_in_one_go(rig: Rig) -> None:
    file = write(rig, f"youtube {A}\n")
    ran = rig.run("archive", "import", "-", file, stdin=f"youtube {B}\n")
    assert (ran.code, ran.out) == (
        0,
        "2 videos added to the archive, 0 already in it\n",
    )


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["import", "nowhere.txt"], 1, "No such file"),
        (["import", "old.txt", "-s", "a/b"], 2, "a session name has no slash"),
        (["import", "old.txt", "-s", "7b0c2b2e-5a5f-4a0e-9d53-0d1a5ff3c001"], 4, "no session"),
        (["list", "banana"], 2, "these name no video:\n  banana: "),
        (["forget"], 2, "give either videos or --all"),
        (["forget", A, "--all"], 2, "give either videos or --all"),
        (["forget", A], 1, f"{A} is not in the archive"),
        (["list", A], 1, f"{A} is not in the archive"),
    ],
)  # fmt: skip
def test_slips_are_named(
    rig: Rig, args: list[str], code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rig.root)
    write(rig, f"youtube {B}\n")
    ran = rig.call("archive", *args)
    assert ran.code == code
    assert words in ran.err


def test_a_sessions_archive_is_its_own(rig: Rig) -> None:
    imported(rig, A)
    imported(rig, A, B, session="party")
    assert listed(rig) == [(A, None), (A, "party"), (B, "party")]
    assert listed(rig, "-s", "talks") == [(A, None)]
    assert listed(rig, A, "-s", "party") == [(A, None), (A, "party")]
    table = rig.call("archive", "list").out.splitlines()
    assert table[0].split() == ["VIDEO", "SINCE", "SESSION", "KNOWN", "BY", "FILE"]
    assert len(table) == 4
    ran = rig.call("archive", "forget", B, A, "-s", "talks")
    assert (ran.code, ran.out) == (1, "0 entries of the archive forgotten\n")
    assert "of session talks alone" in ran.err
    assert (
        rig.call("archive", "forget", f"https://youtu.be/{A}", "-s", "party").code == 0
    )
    assert listed(rig) == [(A, None), (B, "party")]
    document = rig.call("archive", "forget", A, C, "--json").json
    assert_described(document)
    assert (document["forgotten"], document["unknown"]) == (1, [C])


def test_an_id_that_begins_with_a_hyphen_needs_two_before_it(rig: Rig) -> None:
    imported(rig, "-AAAAAAAAAA")
    assert rig.call("archive", "forget", "--", "-AAAAAAAAAA").code == 0
    ran = rig.call("archive", "forget", "-AAAAAAAAAA")
    assert ran.code == 2
    assert "put -- before it" in ran.err


def test_all_of_it_is_forgotten(rig: Rig) -> None:
    imported(rig, A, B)
    imported(rig, A, session="party")
    ran = rig.call("archive", "forget", "--all", "-s", "party")
    assert ran.out == "1 entry of the archive forgotten\n"
    assert rig.call("archive", "forget", "--all").out.startswith("2 entries")
    assert rig.call("archive", "list").err == "the archive is empty\n"


@pytest.mark.parametrize("command", ["import", "forget"])
def test_others_may_write_between_the_transactions_of_a_long_change(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """SQLite's lock has no queue: without a pause the daemon would rarely get it."""
    written: list[int] = []
    other = rig.ledger()

    def write_meanwhile(_seconds: float) -> None:
        with other.write() as db:
            written.append(archive.count_entries(db, None))

    monkeypatch.setattr(archive_entries, "PAGE_SIZE", 1)
    monkeypatch.setattr(importer, "VIDEOS_PER_BATCH", 1)
    if command == "forget":
        imported(rig, A, B, C)
    monkeypatch.setattr(time, "sleep", write_meanwhile)
    if command == "import":
        imported(rig, A, B, C)
        assert written == [1, 2, 3]
    else:
        assert rig.call("archive", "forget", "--all").out.startswith("3 entries")
        assert written == [2, 1, 0]


def test_the_export_has_what_was_finished_too_and_can_be_imported(rig: Rig) -> None:
    imported(rig, B, session="party")
    imported(rig, C)
    ledger = rig.ledger()
    with ledger.write() as db:
        record(db, "party", "DE")
        complete(db, rig.root / "audio" / "d.mp3")
        record(db, "talks", "D")
        complete(db, rig.root / "audio" / "e.mp3")
        record(db, "talks", "F")
    ledger.close()
    ran = rig.call("archive", "export")
    exported = set(ran.out.splitlines())
    assert len(exported) == len(ran.out.splitlines())
    assert f"youtube {B}" in exported
    assert f"youtube {'F' * 11}" not in exported
    assert {f"youtube {C}", f"youtube {'D' * 11}"} <= exported
    talks = rig.call("archive", "export", "-s", "talks").out.splitlines()
    assert f"youtube {B}" not in talks
    again = rig.call("archive", "import", write(rig, ran.out), "--json").json
    assert (again["known"], again["bad"]) == (1, 0)


def test_a_long_list_says_how_much_it_does_not_show(rig: Rig) -> None:
    imported(rig, *(f"v{number:010}" for number in range(103)))
    shown = rig.call("archive", "list").out.splitlines()
    assert len(shown) == 102
    assert shown[-1] == "… and 3 older ones: ytaudio archive list --json"


@pytest.fixture
def music(rig: Rig) -> Path:
    folder = rig.root / "Music"
    (folder / "Album").mkdir(parents=True)
    for name in (f"One [{ODD}].mp3", f"Album/Two-{'aB3_' * 2}xY9.opus", "Three.mp3"):
        (folder / name).write_bytes(b"")
    return folder


def test_an_adopted_folder_counts_as_had_with_its_paths(rig: Rig, music: Path) -> None:
    ran = rig.call("adopt", str(music), "-s", "party", "-v")
    assert ran.out == (
        "2 videos added to the archive of session party, 0 already in it\n"
        "1 audio file left out: nothing says which video they are\n"
        f"  {music}/Three.mp3\n"
    )
    paths = {
        each["path"] for each in rig.call("archive", "list", "--json").json["entries"]
    }
    assert paths == {
        f"{music}/One [{ODD}].mp3",
        f"{music}/Album/Two-aB3_aB3_xY9.opus",
    }


def test_a_folder_that_moved_is_adopted_at_its_new_place(rig: Rig, music: Path) -> None:
    rig.call("archive", "import", str(music))
    (entry,) = rig.call("archive", "list", ODD, "--json").json["entries"]
    assert entry["path"] is None
    rig.call("archive", "import", "--adopt", str(music))
    moved = music.rename(rig.root / "Songs")
    document = rig.call("adopt", str(moved), "--json").json
    assert_described(document)
    assert (document["added"], document["known"], document["moved"]) == (0, 2, 2)
    (entry,) = rig.call("archive", "list", ODD, "--json").json["entries"]
    assert entry["path"] == f"{moved}/One [{ODD}].mp3"


@needs_root
def test_root_adopts_as_the_daemons_user_and_says_what_that_may_not_read(
    rig: Rig, music: Path
) -> None:
    let_others_in(rig.root)
    for path in (rig.layout.state, *rig.layout.state.rglob("*")):
        shutil.chown(path, NOBODY, NOBODY)
    music.chmod(0o700)
    ran = rig.call_as(0, "adopt", str(music))
    assert ran.code == 1
    assert f"{music}: it cannot be read: Permission denied" in ran.err
    assert "note: files are read as user nobody; let it in: setfacl" in ran.err


def test_only_music_is_adopted(rig: Rig) -> None:
    ran = rig.call("adopt", write(rig, f"youtube {A}\n"))
    assert (ran.code, "neither a folder nor an audio file" in ran.err) == (2, True)
    assert rig.call("adopt", str(rig.root / "nowhere")).code == 1


def test_a_killed_import_goes_on_where_it_was(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "VIDEOS_PER_BATCH", 10)
    videos = [f"v{number:010}" for number in range(35)]
    file = write(rig, "".join(f"youtube {video}\n" for video in videos))
    pid = os.fork()
    if pid == 0:
        passed = 0

        def strike(_name: str, _about: str) -> None:
            nonlocal passed
            passed += 1
            if passed == 2:
                os._exit(STRUCK)

        failpoints.on_failpoint(strike)
        try:
            rig.call("archive", "import", file)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == STRUCK
    assert [video for video, _ in listed(rig)] == videos[:20]
    ran = rig.call("archive", "import", file)
    assert ran.out == "15 videos added to the archive, 20 already in it\n"
    assert [video for video, _ in listed(rig)] == videos


def test_the_daemon_may_write_between_two_pieces_of_an_import(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "VIDEOS_PER_BATCH", 10)
    other = rig.ledger()
    written: list[str] = []

    def write_too(name: str, _about: str) -> None:
        if name == "archive.batch_added":
            with other.write() as db:
                written.append(name)
                record(db, "party", "ABC"[len(written) % 3])

    failpoints.on_failpoint(write_too)
    imported(rig, *(f"v{number:010}" for number in range(35)))
    failpoints._observers.remove(write_too)
    assert len(written) == 4
    with other.read() as db:
        assert (
            len(queries.find_jobs(db, session_id=None, states=[], after_id=0, limit=9))
            == 3
        )
    other.close()


def test_the_ledger_names_no_session_of_an_archive_for_all(rig: Rig) -> None:
    imported(rig, A)
    ledger: Ledger = rig.ledger()
    with ledger.read() as db:
        (entry,) = archive.archive_page(db, None, ("", ""), 9)
    ledger.close()
    assert entry.session == archive.ALL_SESSIONS
