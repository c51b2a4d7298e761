"""add, check, config, formats, doctor, and how every command answers mistakes."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration import cli_rig, one_drop
from tests.integration.cli_rig import Ran, Rig
from tests.others import NOBODY, mounted, needs_root
from ytaudio_daemon import __version__, dropfile
from ytaudio_daemon.cli.commands.inbox_writer import write_drop
from ytaudio_daemon.ledger import Ledger, archive
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn
from ytaudio_daemon.model.quota import Quota

LINK = "https://youtu.be/dQw4w9WgXcQ"
PLAIN = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.layout.inbox.mkdir()
    yield made
    made.close()


def dropped(ran: Ran) -> Path:
    assert ran.code == 0, ran.err
    return Path(ran.out.removeprefix("dropped ").strip())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_links_are_dropped_as_a_person_would(rig: Rig) -> None:
    ran = rig.run(
        "add", "-s", "party", "--format", "opus", "--tag", 'artist=Nina "x" Simone',
        "--priority", "5", LINK, "youtube.com/watch?v=AAAAAAAAAAA&list=PL1",
    )  # fmt: skip
    path = dropped(ran)
    assert path.parent == rig.layout.session_inbox("party")
    assert path.name.startswith("added-")
    assert path.suffix == ".txt"
    assert names(path.parent) == [path.name], "no temporary file is left"
    entries = list(dropfile.parse(path.read_bytes(), dropfile.DropKind.TEXT))
    assert [entry.code for entry in entries] == [None, None]
    assert [e.link and e.link.video_id for e in entries] == ["dQw4w9WgXcQ", "A" * 11]
    assert entries[1].layer == {
        "format": "opus",
        "tag.artist": 'Nina "x" Simone',
        "priority": 5,
    }
    assert "the daemon is not running" in ran.err


def test_the_default_session_is_the_inbox_itself(rig: Rig) -> None:
    assert dropped(rig.call("add", LINK)).parent == rig.layout.inbox


def test_one_bad_link_drops_nothing_and_all_bad_ones_are_named(rig: Rig) -> None:
    ran = rig.call("add", LINK, "nonsense", "https://vimeo.com/1", "youtu.be/short")
    assert ran.code == 2
    assert "3 links cannot be taken, nothing was dropped" in ran.err
    for bad in ("nonsense", "https://vimeo.com/1", "youtu.be/short"):
        assert f"  {bad}: " in ran.err
    assert names(rig.layout.inbox) == []


@pytest.mark.parametrize(
    "args",
    [
        ["--format", "mp5"],
        ["--tag", "artist"],
        ["--tag", "mood=x"],
        ["--priority", "11"],
        ["--filename", "%(title)500000000s"],
        ["--format", "flac", "--bitrate", "192k"],
        ["--session", "../up"],
        ["--session", "processed"],
        ["--timeout", "3s"],
        ["-f", "songs.txt"],
    ],
)
def test_what_the_daemon_would_refuse_is_refused_now(rig: Rig, args: list[str]) -> None:
    assert rig.call("add", LINK, *args).code == 2
    assert names(rig.layout.inbox) == []


def test_a_file_is_copied_under_its_own_name_or_a_free_one(
    rig: Rig, tmp_path: Path
) -> None:
    source = tmp_path / "songs.txt"
    source.write_bytes(b"\xef\xbb\xbf" + LINK.encode() + b"\r\n")
    first, second = (dropped(rig.call("add", "-f", str(source))) for _ in range(2))
    assert [first.name, second.name] == ["songs.txt", "songs.2.txt"]
    assert first.read_bytes() == second.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o644


def test_standard_input_is_a_file_too(rig: Rig) -> None:
    path = dropped(rig.run("add", "-f", "-", stdin=f"{LINK}\n"))
    assert path.read_text() == f"{LINK}\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.mp3", "x"), ("x.txt.part", "x"), (".x.txt", "x"), ("x.txt", "")],
)
def test_no_drop_is_refused(rig: Rig, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert rig.call("add", "-f", str(tmp_path / name)).code == 2
    assert names(rig.layout.inbox) == []


@pytest.mark.parametrize("name", ["gone.txt", "gone"])
def test_a_file_that_is_not_there_is_plainly_said(rig: Rig, name: str) -> None:
    ran = rig.call("add", "-f", name)
    assert (ran.code, ran.err) == (1, f"ytaudio: {name}: No such file or directory\n")


def test_drops_at_the_same_time_never_replace_each_other(rig: Rig) -> None:
    def add(number: int) -> None:
        write_drop(rig.layout, "party", "songs.txt", f"{number}".encode())

    threads = [threading.Thread(target=add, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {path.read_text() for path in rig.layout.session_inbox("party").iterdir()}
    assert found == {str(n) for n in range(20)}


def test_a_session_that_is_a_link_is_not_followed(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    rig.layout.session_inbox("party").symlink_to(tmp_path / "elsewhere")
    assert rig.call("add", "-s", "party", LINK).code == 1
    assert names(tmp_path / "elsewhere") == []


def test_without_an_inbox_nothing_is_made(rig: Rig) -> None:
    rig.layout.inbox.rmdir()
    ran = rig.call("add", LINK)
    assert ran.code == 2
    assert "there is no inbox" in ran.err
    assert not rig.layout.inbox.exists()


def test_add_and_wait_ends_with_the_jobs_of_that_drop(rig: Rig) -> None:
    ledger = rig.ledger()
    with ledger.write() as db:  # an older failure is none of ours
        cli_rig.record(db, "party", "Z")
        cli_rig.fail(db)
    rig.beat()
    source = rig.root / "songs.txt"  # as the older one was called
    source.write_text(f"{LINK}\n")
    adding = rig.start(
        "add", "-s", "party", "-f", str(source), "--wait", "--timeout", "40s"
    )
    assert adding.stdout is not None
    path = Path(adding.stdout.readline().removeprefix("dropped ").strip())
    take(ledger, path, rig.layout.downloads / "a.mp3")
    assert adding.wait(60) == 0
    assert adding.stdout.read() == "1 completed\n"
    ledger.close()


def test_add_and_wait_says_what_the_archive_has(rig: Rig) -> None:
    ledger = rig.ledger()
    had = [ArchivedVideo("dQw4w9WgXcQ", FoundIn.TAGS)]
    with ledger.write() as db:
        archive.add_videos(db, archive.ALL_SESSIONS, had, cli_rig.now())
    rig.beat()
    adding = rig.start("add", "-s", "party", LINK, "--wait", "--timeout", "40s")
    assert adding.stdout is not None
    path = Path(adding.stdout.readline().removeprefix("dropped ").strip())
    take(ledger, path, None)
    out, err = adding.communicate(timeout=30)
    assert (adding.returncode, out) == (0, "nothing to wait for\n")
    assert err == "note: 1 line not downloaded: in the archive\n"
    ledger.close()


def test_again_stands_in_the_line_that_is_dropped(rig: Rig) -> None:
    ran = rig.call("add", "-s", "party", "--again", "--format", "opus", LINK)
    content = Path(ran.out.removeprefix("dropped ").strip()).read_text()
    assert content.endswith("dQw4w9WgXcQ again=yes format=opus\n")
    file = rig.root / "songs.txt"
    file.write_text(f"{LINK}\n")
    assert rig.call("add", "--again", "-f", str(file)).code == 2


def take(ledger: Ledger, path: Path, audio: Path | None) -> None:
    """Do as the daemon would: record the drop, run its job if there is one."""
    from ytaudio_daemon.ledger import drops, sessions  # noqa: PLC0415 - this alone

    moment = cli_rig.now()
    line = drops.NewLine(
        line=1,
        text="x",
        video_id="dQw4w9WgXcQ",
        job_options=drops.JobOptions.from_options(Options()),
    )
    with ledger.write() as db:
        session = sessions.open_session(db, "party", moment)
        mine = one_drop.open_drop(db, session.id, path.name.encode(), "h", 9, moment)
        mine = one_drop.record_batch(
            db, mine, [line], quota=Quota(), now=moment,
            file_is_gone=lambda _path: False,
        )  # fmt: skip
        one_drop.finish_recording(db, mine, None, moment)
    if audio is not None:
        with ledger.write() as db:
            cli_rig.complete(db, audio)


def test_add_and_wait_without_a_daemon_drops_and_says_so(rig: Rig) -> None:
    ran = rig.call("add", LINK, "--wait")
    assert ran.code == 3
    assert ran.out.startswith("dropped ")
    assert "the daemon is not running" in ran.err


@pytest.fixture
def open_path(tmp_path: Path) -> None:
    """Let another user reach the root: pytest's folders are closed."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)


def give_to_nobody(rig: Rig) -> None:
    for path in (rig.root, *rig.root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


@needs_root
@pytest.mark.usefixtures("open_path")
def test_root_becomes_the_owner_of_the_state(rig: Rig) -> None:
    rig.ledger().close()
    give_to_nobody(rig)
    secret = rig.root / "root-only.txt"
    secret.write_text(f"{LINK}\n")
    secret.chmod(0o600)
    path = dropped(rig.run("add", "-s", "party", "-f", str(secret)))
    created = rig.run("session", "create", "--name", "fresh")
    assert created.code == 0
    made = (
        path,
        path.parent,
        rig.layout.session_inbox("fresh"),
        rig.layout.wake_dir / "poke",
    )
    assert [(p.stat().st_uid, p.stat().st_gid) for p in made] == [(NOBODY, NOBODY)] * 4


@needs_root
@pytest.mark.usefixtures("open_path")
def test_anybody_else_is_told_the_line_that_works(rig: Rig) -> None:
    rig.ledger().close()
    (rig.layout.state / "ledger.sqlite3").chmod(0o600)
    for args in (["add", LINK], ["session", "create"], ["jobs"], ["cancel", "-s", "x"]):
        ran = rig.call_as(NOBODY, *args)
        assert ran.code == 2, args
        assert "you (nobody) may not" in ran.err
        assert "sudo -u root ytaudio" in ran.err


def test_check_says_what_would_become_of_each_line(rig: Rig, tmp_path: Path) -> None:
    source = tmp_path / "songs.txt"
    source.write_text(
        f"format=opus\n{LINK}\n{LINK} format=mp3\n\n# comment\nyoutu.be/dQw4w9WgXcQ\n"
        "vimeo.com/1\n"
    )
    session = rig.layout.session_inbox("party")
    session.mkdir()
    (session / "defaults.toml").write_text('quality = "worstaudio"\n')
    ran = rig.call("check", str(source), "--session", "party", "--json")
    assert ran.code == 1
    assert ran.json["counts"] == {"accepted": 2, "duplicate": 1, "rejected": 1}
    first, second, third, last = ran.json["lines"]
    assert (first["line"], first["url"]) == (2, PLAIN)
    assert first["options"]["format"] == "opus"
    assert first["options"]["quality"] == "worstaudio"
    assert second["options"]["bitrate"] == "192k"
    assert third["duplicate_of_line"] == 2
    assert last["code"] == "unsupported_site"
    assert names(session) == ["defaults.toml"], "nothing is done"
    plain = rig.call("check", str(source))
    assert "the same as line 2" in plain.out
    assert "quality=bestaudio" in plain.out, "without the session's defaults"


def test_check_names_parts_switched_off_and_mended_links(
    rig: Rig, tmp_path: Path
) -> None:
    source = tmp_path / "songs.txt"
    mended = "https://youtu.be/MMMMMMMMMMM&t=3"
    source.write_text(f"{LINK} {mended}\n{LINK}\n#{LINK}\n")
    said = rig.call("check", str(source), "--json").json
    assert [
        (row["line"], row["part"], row["duplicate_of_part"]) for row in said["lines"]
    ] == [
        (1, 1, None),
        (1, 2, None),
        (2, None, 1),
    ]
    assert said["lines"][1]["message"].startswith("read as https://www.youtube.com/")
    assert said["switched_off"] == [3]
    plain = rig.call("check", str(source)).out
    assert "\n1.2 " in plain
    assert "the same as line 1.1" in plain
    assert "songs.txt: 1 link is switched off (line 3)" in plain


def test_a_good_file_checks_out(rig: Rig) -> None:
    ran = rig.run("check", "-", stdin=f"{LINK}\n")
    assert (ran.code, ran.out.splitlines()[-1]) == (
        0,
        "standard input: 1 line: 1 accepted",
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.pdf", b"%PDF", "is no name of a drop"),
        ("x.txt", b"\x00\x01\x02\x00" * 50, ""),
        ("x.txt", b"# only this\n", "there is no link in it"),
        ("x.webloc", b"not a plist", ""),
    ],
)
def test_a_file_without_a_link_is_refused(
    rig: Rig, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    ran = rig.call("check", str(tmp_path / name))
    assert ran.code == 1
    assert said in ran.out


def test_bad_session_defaults_are_named(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(LINK)
    rig.layout.session_inbox("party").mkdir()
    defaults = rig.layout.session_inbox("party") / "defaults.toml"
    defaults.write_text('format = "mp5"')
    ran = rig.call("check", "-s", "party", str(tmp_path / "x.txt"))
    assert ran.code == 2
    assert str(defaults) in ran.err


def test_config_tells_values_and_where_they_came_from(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YTAUDIO_DOWNLOAD_FORMAT", "opus")
    monkeypatch.setenv("YTAUDIO_DOWNLOAD_PROXY", "http://me:secret@proxy:3128")
    ran = rig.call("config", "--json")
    settings = ran.json["settings"]
    assert settings["download.format"] == {
        "value": "opus",
        "origin": "YTAUDIO_DOWNLOAD_FORMAT",
    }
    assert settings["paths.root"] == {"value": str(rig.root), "origin": "--root"}
    assert "secret" not in ran.out
    assert "secret" not in rig.call("config").out


def test_config_explains_its_keys_whatever_the_file_says(
    rig: Rig, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[download]\nformat = 3\nfromat = 4\n")
    assert rig.call("--config", str(bad), "config").code == 2
    ran = rig.call("--config", str(bad), "config", "--keys")
    assert ran.code == 0
    assert 'download.format = "mp3"' in ran.out
    assert "YTAUDIO_DOWNLOAD_FORMAT" in ran.out


def test_a_bad_config_is_explained_without_a_traceback(
    rig: Rig, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[download]\nformat = 3\nfromat = 4\n")
    ran = rig.call("--config", str(bad), "jobs")
    assert ran.code == 2
    assert "format" in ran.err
    assert "fromat" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in rig.call("-v", "--config", str(bad), "jobs").err


def test_formats_tells_what_is_copied(rig: Rig) -> None:
    document = rig.call("formats", "--json").json
    copied = [n for n, told in document["formats"].items() if told["may_be_copied"]]
    assert copied == ["m4a", "opus"]
    assert rig.call("formats").out.count("\n") > 10


def test_the_doctor_names_each_remedy(rig: Rig) -> None:
    rig.ledger().close()
    rig.beat()
    ran = rig.run("doctor", "--json")
    found = {one["name"]: one for one in ran.json["findings"]}
    assert ran.code == (
        6 if any(f["health"] == "broken" for f in found.values()) else 0
    )
    assert found["database"]["health"] == "ok"
    assert found["daemon"]["health"] == "ok"
    assert found["folder_library"]["health"] == "warning", "the daemon makes it"
    assert all(one["remedy"] or one["health"] != "broken" for one in found.values())


def test_the_doctor_finds_a_damaged_ledger_and_a_file_in_the_way(rig: Rig) -> None:
    rig.layout.state.mkdir()
    (rig.layout.state / "ledger.sqlite3").write_bytes(b"no database" * 500)
    rig.layout.downloads.write_text("in the way")
    ran = rig.call("doctor", "--json")
    assert ran.code == 6
    broken = {one["name"] for one in ran.json["findings"] if one["health"] == "broken"}
    assert broken >= {"database", "folder_downloads"}
    plain = rig.call("doctor")
    assert "broken   database: " in plain.out


@needs_root
@pytest.mark.usefixtures("open_path")
def test_the_doctor_names_the_chmod_for_a_closed_folder(rig: Rig) -> None:
    rig.ledger().close()
    give_to_nobody(rig)
    theirs = rig.layout.session_inbox("theirs")
    theirs.mkdir(mode=0o700)
    (rig.layout.session_inbox("taken")).mkdir(mode=0o755)
    ran = rig.run("doctor", "--json")  # root becomes nobody
    assert ran.out, ran.err
    found = ran.json["findings"]
    folders = {
        f["message"].split()[0]: f for f in found if f["name"] == "session_folder"
    }
    assert folders[str(theirs)]["health"] == "broken"
    assert folders[str(theirs)]["remedy"] == f"sudo chmod o+rx {theirs}"
    taken = folders[str(rig.layout.session_inbox("taken"))]
    assert taken["health"] == "warning"
    assert taken["remedy"].startswith("sudo chown ")


def test_the_version_is_told(rig: Rig) -> None:
    assert rig.call("--version").out == f"ytaudio {__version__}\n"


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["nosuch"],
        ["jobs", "--nosuch"],
        ["show"],
        ["jobs", "--state", "lost"],
        ["session"],
    ],
)
def test_wrong_usage_is_two(rig: Rig, args: list[str]) -> None:
    ran = rig.call(*args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_a_slip_is_guessed(rig: Rig) -> None:
    assert "did you mean status?" in rig.call("statsu").err


def test_global_options_stand_on_both_sides(rig: Rig, tmp_path: Path) -> None:
    other = tmp_path / "other"
    ran = rig.call("config", "--root", str(other), "--json")
    assert ran.json["settings"]["paths.root"]["value"] == str(other)


def test_ctrl_c_is_quiet(rig: Rig) -> None:
    rig.ledger().close()
    with rig.ledger().write() as db:
        cli_rig.record(db, "party", "A")
    rig.beat()
    waiting = rig.start("wait", "--session", "party")
    until_it_reads_the_ledger(waiting)
    out, err = interrupted(waiting)
    assert (waiting.returncode, out, err) == (130, "", "")


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C, and again: Python drops one that comes inside a finalizer."""
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=15)
    raise AssertionError(process)


def until_it_reads_the_ledger(process: subprocess.Popen[str]) -> None:
    """Wait until the ledger is open in the process: by then it waits for jobs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        listed = subprocess.run(
            ["ls", "-l", f"/proc/{process.pid}/fd"], capture_output=True, check=False
        )
        if b"ledger.sqlite3" in listed.stdout:
            return
    raise AssertionError(listed)


def test_an_inbox_that_is_read_only_is_named_and_no_file_of_ours(rig: Rig) -> None:
    inbox = rig.layout.inbox
    with mounted(inbox, "-t", "tmpfs", "-o", "ro", "none"):
        ran = rig.run("add", LINK)
    assert (ran.code, ran.err.strip()) == (
        1,
        f"ytaudio: {inbox}: Read-only file system",
    )


@needs_root
@pytest.mark.usefixtures("open_path")
def test_root_prints_on_a_terminal_though_the_owner_cannot_read_our_python(
    rig: Rig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rig.ledger().close()
    assert rig.run("session", "create", "--name", "party").code == 0
    give_to_nobody(rig)
    closed = tmp_path_factory.mktemp("closed")
    shutil.copytree(cli_rig.REPOSITORY / "ytaudio_daemon", closed / "ytaudio_daemon")
    closed.chmod(0o700)
    ours, terminal = pty.openpty()
    done = subprocess.run(
        rig.words("session", "list"),
        stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
        env=rig.environ | {"PYTHONPATH": str(closed), "TERM": "xterm"}, cwd=rig.root,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(terminal)
    assert done.stderr == ""
    with os.fdopen(ours, "rb") as screen:
        shown = screen.read1().decode()
    assert "\x1b[" in shown
    assert "party" in shown


def test_a_note_tells_that_the_daemon_reads_another_inbox(rig: Rig) -> None:
    rig.beat()
    path = rig.layout.daemon_status
    document = json.loads(path.read_text())
    message = "[paths] inbox is /new in the config; the daemon still uses /old."
    document["problems"] = [
        {"code": "needs_restart", "message": message, "hint": "Restart it."},
        {"code": "disk_full", "message": "the disk is full", "hint": ""},
    ]
    path.write_text(json.dumps(document))
    ran = rig.run("add", "https://youtu.be/AAAAAAAAAAA")
    assert (ran.code, ran.err) == (0, f"note: {message} Restart it.\n")
