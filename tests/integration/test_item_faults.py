"""No exception of one item leaves its step: for every step of the daemon's loop.

Two items are given to a step. The first one raises: for a real cause where there is one,
else for a mistake of this program that is put in. The second one is done, all other
steps go on, and the first one's trouble is told.
"""

import ast
import inspect
import os
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.integration.collections_rig import listed
from tests.integration.loop_rig import LISTS, SONGS, Daemon
from ytaudio_daemon.collections.recorder import ListingRecorder
from ytaudio_daemon.daemon.loop import Loop
from ytaudio_daemon.daemon.schedule import Step
from ytaudio_daemon.folders import cookie_jars
from ytaudio_daemon.intake import parsed_drop
from ytaudio_daemon.jobs import completer, runner
from ytaudio_daemon.ledger import expiry, pruning, removals
from ytaudio_daemon.model import Failure, FailureKind, Outcome
from ytaudio_daemon.notify import receiver_queue
from ytaudio_daemon.pool import Ended, Listed
from ytaudio_daemon.views import receipts, session_status

#: Two receivers; nothing listens at the second one.
RECEIVERS = {
    "YTAUDIO_NOTIFY_COMMAND": "true",
    "YTAUDIO_NOTIFY_WEBHOOK": "http://127.0.0.1:9/",
}


@pytest.fixture
def daemon(tmp_path: Path, step: str) -> Iterator[Daemon]:
    with ExitStack() as stack:
        receivers = RECEIVERS if step == "notify" else {}
        yield Daemon(tmp_path, stack, **receivers)
    # Python's own removal fails at a deep tree, as the daemon's does.
    subprocess.run(["rm", "-rf", tmp_path], check=True)


class Faults:
    """Puts a mistake for one item into a function of the program."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def put(self, owner: Any, name: str, is_item: Callable[..., bool]) -> None:
        plain = getattr(owner, name)

        def faulty(*args: Any, **named: Any) -> Any:
            if is_item(*args):
                raise LookupError("a mistake of this program")
            return plain(*args, **named)

        self._monkeypatch.setattr(owner, name, faulty)


def fail_attempts(daemon: Daemon, _: Faults) -> Callable[[], bool]:
    daemon.started_jobs()
    for session, text in (("alice", "\ud800"), ("bob", "plain")):
        failure = Failure(kind=FailureKind.TRANSIENT, code="reset", message=text)
        [uuid] = daemon.jobs_of(session, "uuid")
        ended = Ended(
            key=uuid,
            attempt=1,
            outcome=Outcome(failure=failure),
            worker_crashed=False,
        )
        daemon.services.job_runner.collect([ended])
    return lambda: daemon.jobs_of("bob", "error_code") == ["reset"]


def lose_jobs(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    daemon.started_jobs()
    daemon.services.job_runner._running.clear()
    faults.put(
        completer.AttemptCompleter,
        "requeue",
        lambda _, claim, *_rest: claim.session_name == "alice",
    )
    daemon.loop._schedule.heartbeat_after_retry(time.monotonic() - 60)
    return lambda: (
        "crash"
        in daemon.ask(
            "SELECT reason FROM events JOIN sessions ON sessions.id = session_id"
            " WHERE name = 'bob'"
        )
    )


def cancel_jobs(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    daemon.started_jobs()
    daemon.services.job_runner._running.clear()
    daemon.change("UPDATE jobs SET cancel_requested = 1")
    faults.put(
        completer.AttemptCompleter,
        "cancel",
        lambda _, claim, *_rest: claim.session_name == "alice",
    )
    daemon.loop._schedule.jobs_due_now()
    return lambda: daemon.jobs_of("bob", "state") == ["cancelled"]


def list_pages(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    daemon.started_listings()
    faults.put(
        ListingRecorder,
        "record_page",
        lambda _, claim, *_rest: claim.session_name == "alice",
    )
    [page] = listed([1, 2])
    for uuid in daemon.started:
        daemon.services.collection_lister.collect(
            [Listed(key=uuid, attempt=1, page=page)]
        )
    return lambda: len(daemon.jobs_of("bob", "uuid")) == 2


def begin_listings(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    [alice] = daemon.ask("SELECT uuid FROM sessions WHERE name = 'alice'")
    faults.put(cookie_jars, "find_cookies", lambda _, session: session == alice)
    daemon.drop(*LISTS)
    return lambda: len(daemon.started) == 1


def remove_old_files(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    seen: set[int] = set()

    def is_first(_: object, collection_id: int) -> bool:
        seen.add(collection_id)
        return collection_id == max(seen)

    daemon.drop(*(f"{line.strip()} follow=6h keep_last=1\n" for line in LISTS))
    remover = daemon.services.old_file_remover
    # What it has begun would be all of its next call, and the rest a heartbeat later.
    daemon.tick_until(lambda: len(daemon.started) == 2 and not remover._todo)
    faults.put(removals, "old_files", is_first)
    remover._event_cursor = 0
    daemon.loop.request_looks()
    return lambda: len(seen) == 2


def show_sessions(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    faults.put(session_status, "session_document", lambda one, *_: one.name == "alice")
    faults.put(
        receipts, "ReceiptWriter", lambda _, drop, *_rest: drop.session_name == "alice"
    )
    daemon.drop(*SONGS)
    beside = daemon.layout.session_inbox("bob") / "processed"
    return lambda: (
        daemon.layout.session_status("bob").exists()
        and any(beside.glob("*.receipt.txt"))
    )


def tell_receivers(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    seen: set[str] = set()

    def is_command(queue: receiver_queue.ReceiverQueue, *_: object) -> bool:
        seen.add(queue.receiver.name)
        return queue.receiver.name.startswith("command")

    faults.put(receiver_queue.ReceiverQueue, "read_events", is_command)
    daemon.drop(*SONGS)
    return lambda: len(seen) == 2


def take_drops(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    faults.put(
        parsed_drop,
        "effective_options",
        lambda *layers: layers[-1].get("format") == "opus",
    )
    daemon.drop(f"{SONGS[0].strip()} format=opus\n", SONGS[1])
    rejected = daemon.layout.session_inbox("alice") / "rejected"
    return lambda: (
        len(daemon.jobs_of("bob", "uuid")) == 1 and (rejected / "songs.txt").exists()
    )


def claim_jobs(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    faults.put(runner, "prepare", lambda claim, *_: claim.session_name == "alice")
    daemon.drop(*SONGS)
    return lambda: (
        daemon.started == daemon.jobs_of("bob", "uuid")
        and daemon.jobs_of("alice", "error_code") == ["internal_error"]
    )


def end_jobs(daemon: Daemon) -> None:
    """Have both sessions idle, with nothing unfinished."""
    daemon.started_jobs()
    daemon.services.job_runner._running.clear()
    daemon.change("UPDATE jobs SET cancel_requested = 1")
    daemon.loop._schedule.jobs_due_now()
    daemon.tick_until(
        lambda: set(daemon.ask("SELECT state FROM jobs")) == {"cancelled"}
    )


def sweep_sessions(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    end_jobs(daemon)
    faults.put(expiry, "expire", lambda _, session, *_rest: session.name == "alice")
    daemon.let_pass(7200)
    daemon.loop.request_sweep()
    return lambda: (
        daemon.ask("SELECT state FROM sessions WHERE name = 'bob'") == ["expired"]
    )


def prune_sessions(daemon: Daemon, faults: Faults) -> Callable[[], bool]:
    end_jobs(daemon)
    daemon.let_pass(7200)
    daemon.loop.request_sweep()
    daemon.tick_until(
        lambda: set(daemon.ask("SELECT state FROM sessions")) == {"expired"}
    )
    faults.put(
        pruning, "delete_session", lambda _, session, *_rest: session.name == "alice"
    )
    daemon.let_pass(30 * 86_400)
    daemon.services.pruner._due = 0.0
    return lambda: daemon.ask("SELECT name FROM sessions") == ["alice"]


def delete_trash(daemon: Daemon, _: Faults) -> Callable[[], bool]:
    """A tree of a thousand and more folders in one another: os.fwalk(3.11) recurses."""
    trash = daemon.layout.downloads / ".trash"
    (trash / "plain.0").mkdir()
    (trash / "deep.0").mkdir()
    inner = os.open(trash / "deep.0", os.O_RDONLY)
    for _number in range(1100):
        os.mkdir("d", dir_fd=inner)
        outer, inner = inner, os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    daemon.let_pass(7200)
    daemon.loop.request_sweep()
    return lambda: not (trash / "plain.0").exists()


#: By step of the loop: gives it two items, the first of which will raise, and returns
#: whether the second one is done.
ITEMS: dict[str, Callable[[Daemon, Faults], Callable[[], bool]]] = {
    "attempts": fail_attempts,
    "heartbeat": lose_jobs,
    "cancel": cancel_jobs,
    "listings": list_pages,
    "collections": begin_listings,
    "subscriptions": remove_old_files,
    "views": show_sessions,
    "notify": tell_receivers,
    "intake": take_drops,
    "claims": claim_jobs,
    "sweep": sweep_sessions,
    "trash": delete_trash,
    "retention": prune_sessions,
}
#: Steps that have one thing to do, or do all of it in one statement.
UNDIVIDED = {
    "bulletin": ("_status_line", "update"),
    "engine": ("_services.ytdlp_updater", "update_if_due"),
    "template": ("_services.pool", "ensure_template"),
    "retries": ("_jobs", "requeue_due"),
}


def steps_of_the_loop() -> set[str]:
    """Return the names in `steps.run("name", …)` of the loop."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(Loop)))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if ast.unparse(call.func) in {"steps.run", "run"}
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_step_of_the_loop_is_tried_here() -> None:
    assert steps_of_the_loop() == ITEMS.keys() | UNDIVIDED.keys()


@pytest.mark.parametrize("step", ITEMS)
def test_an_item_that_raises_keeps_no_other_back_and_is_told_once(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with capture_logs() as logs:
        is_done = ITEMS[step](daemon, Faults(monkeypatch))
        daemon.tick_until(is_done)
        for _ in range(5):
            daemon.loop._tick()
    faults = [each for each in logs if each.get("exc_info") or is_problem(each)]
    assert len({str(each.get("item", each)) for each in faults}) == len(faults) > 0
    problems = daemon.services.snapshot_builder.step_problems
    assert "internal_error" not in str(problems), "it left its step"


def is_problem(entry: Any) -> bool:
    return bool(entry["event"] == "step.failed")


@pytest.mark.parametrize("step", UNDIVIDED)
def test_a_step_that_raises_is_named_and_all_others_go_on(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path, name = UNDIVIDED[step]
    owner: Any = daemon.loop
    for part in path.split("."):
        owner = getattr(owner, part)
    Faults(monkeypatch).put(owner, name, lambda *_: True)
    daemon.drop(*SONGS)
    with capture_logs() as logs:
        daemon.tick_until(lambda: len(daemon.started) == 2)
        daemon.tick_until(lambda: daemon.layout.session_status("bob").exists())
        problems = daemon.services.snapshot_builder.step_problems
        daemon.loop._schedule.due_now(*Step)
        daemon.tick_until(lambda: step in problems)
    assert [each["step"] for each in logs if each["event"] == "step.failed"] == [step]
    assert problems[step][0] == "internal_error"
