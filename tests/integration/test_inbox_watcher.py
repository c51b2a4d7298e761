"""Watching heals: whichever of its threads dies, and whatever becomes of the inbox."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from structlog.testing import capture_logs
from watchdog.observers.inotify_c import InotifyEvent

from ytaudio_daemon.intake.inbox_watcher import InboxWatcher, PendingChanges


class Watched:
    """A watched inbox; `heard` waits for a session's name."""

    def __init__(self, root: Path) -> None:
        self.inbox = root / "inbox"
        (self.inbox / "alice").mkdir(parents=True)
        (root / "wake").mkdir()
        self.poked = False
        self._woken = threading.Event()
        self._hints = PendingChanges(self._woken.set)
        self.watch = InboxWatcher(self.inbox, root / "wake", self._hints)
        self.watch.start()

    def touch(self, session: str = "alice") -> None:
        (self.inbox / session).mkdir(exist_ok=True)
        (self.inbox / session / "songs.txt").write_text("x")

    def stir(self) -> None:
        self.touch()
        (self.inbox.with_name("wake") / "poke").write_text("x")

    def heard(self, session: str | None = "alice", patience: float = 60) -> bool:
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            self._woken.wait(left)
            self._woken.clear()
            noted, self.poked = self._hints.pop_changes()
            if session in noted:
                return True
        return False


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.watch.stop()


def fail(*_: object, **__: object) -> None:
    raise SystemExit


def kill(thread: threading.Thread, stir: Callable[[], object]) -> None:
    """End a thread as an error in what it does next would; it must be stirred."""
    for step in ("handle_event", "queue_events", "dispatch_events"):
        if hasattr(thread, step):
            vars(thread)[step] = fail
    end = time.monotonic() + 60
    while thread.is_alive():
        assert time.monotonic() < end
        stir()
        thread.join(0.05)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whichever_thread_dies_it_is_healed(watched: Watched) -> None:
    for number in range(len(watched.watch._threads)):
        assert not watched.watch.restart_if_dead()
        kill(watched.watch._threads[number], watched.stir)

        assert watched.watch.restart_if_dead()

        assert watched.heard(None)
        assert watched.poked, "a command may have poked meanwhile"
        watched.touch()
        assert watched.heard()
    assert len(watched.watch._threads) > 1


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_an_inbox_made_anew_is_watched_again(watched: Watched, how: str) -> None:
    if how == "deleted":
        shutil.rmtree(watched.inbox)
    else:
        watched.inbox.rename(watched.inbox.with_name("old"))
    assert watched.watch.restart_if_dead()
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        assert watched.watch.restart_if_dead()
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_files
    watched.inbox.mkdir()

    assert watched.watch.restart_if_dead()

    assert watched.heard(None)
    watched.touch()
    assert watched.heard()
    assert not watched.watch.restart_if_dead()


def test_an_overflown_queue_has_everything_looked_through(watched: Watched) -> None:
    """The kernel keeps so many events; more of them are lost, and it says so."""
    room = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    reader = next(t for t in watched.watch._threads if hasattr(t, "handle_event"))
    noise = [watched.inbox / "alice" / f".{n}.part" for n in (0, 1)]
    watched.touch()
    assert watched.heard()
    is_held, go_on = threading.Event(), threading.Event()
    handle = reader.handle_event

    def hold(event: object) -> None:
        is_held.set()
        go_on.wait(30)
        handle(event)

    vars(reader)["handle_event"] = hold
    noise[0].touch()
    assert is_held.wait(60), "what it has read by now does not count towards the queue"
    for n in range(room + 100):
        noise[n % 2].touch()  # two in turn: equal events in a row are one
    watched.touch("bob")
    assert not watched.heard("bob", 0.2)

    go_on.set()

    assert watched.heard(None)
    assert watched.poked, "a command's poke may be among the lost"


def test_a_warning_of_the_library_counts_as_lost_events(watched: Watched) -> None:
    logging.getLogger("watchdog.observers").warning("something was lost")
    assert watched.heard(None)


def test_a_drop_is_seen_at_once_although_another_name_departs_before_it(
    watched: Watched, tmp_path: Path
) -> None:
    """watchdog holds a departure for 0.5 s, and what follows it, to pair the two."""
    watched.touch()
    assert watched.heard()
    took = []
    for n in range(10):
        began = time.monotonic()
        (watched.inbox / "alice" / "songs.txt").rename(tmp_path / "away.txt")
        (tmp_path / "away.txt").rename(watched.inbox / "alice" / "songs.txt")
        assert watched.heard(), n
        took.append(time.monotonic() - began)
    assert min(took) < 0.4, "the others may have waited for a processor"


@pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")
def test_a_folder_that_is_renamed_is_watched_under_its_new_name(
    watched: Watched,
) -> None:
    (watched.inbox / "alice" / "party").mkdir()
    (watched.inbox / "alice").rename(watched.inbox / "bob")
    assert watched.heard("bob")
    watched.touch("bob")
    assert watched.heard("bob")
    (watched.inbox / "bob" / "party" / "songs.txt").write_text("x")
    assert watched.heard("bob")
    watched.touch("alice")
    assert watched.heard("alice")


def test_a_file_under_a_temporary_name_is_no_change(watched: Watched) -> None:
    part = watched.inbox / "alice" / ".songs.txt.part"
    part.write_text("x")
    assert not watched.heard("alice", patience=0.2)
    part.rename(watched.inbox / "alice" / "songs.txt")
    assert watched.heard("alice")


@pytest.mark.parametrize("parent", [".", "alice"])
def test_what_we_write_beside_filed_drops_is_not_even_read(
    watched: Watched, parent: str
) -> None:
    reader = next(t for t in watched.watch._threads if hasattr(t, "handle_event"))
    seen: list[bytes] = []
    handle = reader.handle_event

    def record(event: InotifyEvent) -> None:
        seen.append(event.name)
        handle(event)

    vars(reader)["handle_event"] = record
    (watched.inbox / parent / "processed" / "party").mkdir(parents=True)
    (watched.inbox / parent / "processed" / "songs.txt").write_text("x")
    (watched.inbox / parent / "processed" / "party" / "songs.txt").write_text("x")
    watched.touch()
    assert watched.heard()
    assert set(seen) <= {b"processed", b"songs.txt"}
    assert seen.count(b"songs.txt") <= len(["created", "modified", "closed"])


def test_without_room_for_another_thread_the_scan_finds_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def refuse(thread: threading.Thread) -> NoReturn:
        refused.append(thread.name)
        msg = "can't start new thread"  # as CPython says for EAGAIN
        raise RuntimeError(msg)

    changes = PendingChanges(lambda: None)
    watcher = InboxWatcher(tmp_path, tmp_path, changes)
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(threading.Thread, "start", refuse)
        watcher.start()
        watcher.restart_if_dead()
        watcher.stop()
    assert refused
    assert [entry["event"] for entry in logs] == ["watch.failed"]
    assert watcher.restart_if_dead(), "tried again at each heartbeat"
    assert not watcher.restart_if_dead()
    watcher.stop()
