"""A hint fits the state it stands beside, for every code and every state."""

import ast
import errno
import itertools
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ytaudio_daemon
from ytaudio_daemon.collections.recorder import NO_OUTCOME
from ytaudio_daemon.downloader.folder_downloader import output_folder_failure
from ytaudio_daemon.downloader.pool_thread import CLOSED
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED
from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG, failure_for
from ytaudio_daemon.jobs import disk_reserve, prepare, publish_failures
from ytaudio_daemon.jobs.byte_limit import BYTE_LIMIT
from ytaudio_daemon.ledger import transitions
from ytaudio_daemon.model import Failure, FailureKind, JobState
from ytaudio_daemon.model import decide as decisions
from ytaudio_daemon.model.gates import GATE_OF, Gate, gate_after_failure
from ytaudio_daemon.model.hints import PERSON_CODES, Circumstances, gate_hint, hint
from ytaudio_daemon.model.host_errors import HOST_ERROR_CODES, find_host_error
from ytaudio_daemon.pool import timeouts, worker, worker_failures

PACKAGE = Path(ytaudio_daemon.__path__[0])
UNFINISHED = {JobState.QUEUED, JobState.HELD, JobState.WAITING}
ALL_CIRCUMSTANCES = [
    Circumstances(cookies=cookies, proxy=proxy, ca_file=ca_file)
    for cookies, proxy, ca_file in itertools.product([False, True], repeat=3)
]
#: Kinds whose jobs go on only once a person has done something.
PERSON_KINDS = {FailureKind.HOST, FailureKind.OFFLINE}
#: What versions up to 2026-11-30 stored in `jobs.error_hint` and `gates.hint`.
OLD_REMEDIES = (
    ("server_error", "Nothing to do: it is tried again by itself."),
    (
        "bot_check",
        (
            "Nothing to do: downloads go on by themselves after a pause. If it keeps "
            "happening, lower [pace] per_hour or set [download] cookies_file."
        ),
    ),
    ("disk_full", "Free some space; downloads go on by themselves."),
    ("disk_full", "Free some space, or lower [disk] reserve; it goes on by itself."),
    (
        "private_video",
        (
            "Set [download] cookies_file to the cookies of an account that may see it, "
            "then retry."
        ),
    ),
    (
        "private_video",
        (
            "The cookies were sent, and their account may not see it either: give the "
            "cookies of one that may, then retry."
        ),
    ),
    (
        "rate_limited",
        (
            "Nothing to do: downloads go on by themselves after a pause. If it keeps "
            "happening, lower [pace] per_hour."
        ),
    ),
    (
        "pot_required",
        (
            "Set [youtube] pot_provider, or other [youtube] clients; the job waits "
            "uncharged and goes on by itself."
        ),
    ),
    ("geo_blocked", "A proxy in another country ([download] proxy) may help."),
    ("live_now", "It is fetched when it is over."),
    ("wrong_video", "Videos that must be paid for answer with their trailer."),
    ("too_long", "Raise [download] max_duration, then retry."),
    (
        "challenge_unsolved",
        "Upgrade yt-dlp, no restart is needed: ytaudio engine upgrade",
    ),
    ("no_formats", "If other videos fail like this too: ytaudio engine upgrade"),
    ("unknown", "`ytaudio show` tells more."),
    (
        "work_unreadable",
        "Check the disk. Once the job has failed, `ytaudio retry` fetches it anew.",
    ),
)


def failures() -> Iterator[Failure]:
    """Yield one failure of every code that any part of the program makes."""
    yield from map(failure_for, FAILURE_CATALOG)
    numbers = {n: find_host_error(n) for n in errno.errorcode}
    yield from (found.failure() for found in numbers.values() if found)
    yield from (worker_failures.KILLED, worker_failures.TEMPLATE_DIED)
    yield worker_failures.misbehaved("spoke")
    yield worker_failures.worker_died(1)
    yield worker_failures.worker_died(-signal.SIGKILL)
    yield worker_failures.worker_died(-signal.SIGKILL, memory_ran_out=True)
    yield worker_failures.fork_refused(errno.EAGAIN)
    yield worker_failures.no_template("it is gone")
    yield worker_failures.request_too_big(1)
    yield timeouts._timeout("stalled", "Hardly any bytes came.")
    yield timeouts._timeout("deadline", "Not finished.", "Raise [download] deadline.")
    yield worker._internal_failure("bad_request", "?")
    yield worker._internal_failure("internal_error", "?")
    yield worker._internal_failure("outcome_too_long", "?")
    yield decisions._repeated_crash_failure(worker_failures.KILLED)
    yield decisions.reclassify_as_outdated(
        failure_for("no_formats"), ["no_formats"] * 20
    )
    yield publish_failures.PLACE_TAKEN
    assert NO_OUTCOME.failure is not None
    yield NO_OUTCOME.failure
    yield publish_failures.publish_failure(ValueError("odd"))
    yield prepare.work_folder_failure(OSError("odd"))
    yield disk_reserve._disk_full(1, 2)
    yield output_folder_failure(OSError("odd"))
    yield from (INTERRUPTED, CLOSED)
    yield Failure(
        kind=FailureKind.POLICY,
        code=BYTE_LIMIT,
        message="It does not fit.",
        hint="Raise it: ytaudio session set alice --max-bytes …",
    )


FAILURES = list(failures())


def said(
    failure: Failure,
    state: JobState,
    circumstances: Circumstances = ALL_CIRCUMSTANCES[0],
) -> str:
    return hint(
        kind=failure.kind,
        code=failure.code,
        remedy=failure.hint,
        state=state,
        circumstances=circumstances,
    )


def check(failure: Failure, state: JobState, circumstances: Circumstances) -> None:
    text = said(failure, state, circumstances)
    about = f"{failure.code}, {state}: {text}"
    by_itself = re.search(r"by (itself|themselves)", text)
    if state in {JobState.COMPLETED, JobState.CANCELLED}:
        assert text == "", about
    elif state is JobState.FAILED:
        assert not by_itself, about
        assert not re.search(
            r"nothing to do|goes on|continues|again by|waits", text.lower()
        ), about
    elif state is JobState.RUNNING:
        assert "being tried again" in text, about
    else:
        assert by_itself, about
        assert not re.search(r"\bretry (it|the job)\b|unless you ask", text), about
        needs_person = failure.kind in PERSON_KINDS or failure.code in PERSON_CODES
        assert ("Nothing to do" in text) != needs_person, about
    for is_set, advice in (
        (circumstances.cookies, r"[Ss]et \[download\] cookies_file"),
        (circumstances.proxy, r"Set \[download\] proxy to one in a"),
        (circumstances.ca_file, r"set \[download\] ca_file"),
    ):
        assert not (is_set and re.search(advice, text)), about
    assert not re.search(r"\.\.|: \.|[a-z]\. [a-z]| $|^ ", text), about
    assert not text or (text[0].isupper() or text[0] == "`"), about
    assert not text or text.endswith((".", "…")), about


@pytest.mark.parametrize("state", JobState)
def test_every_hint_fits_its_state_and_the_config(state: JobState) -> None:
    for failure in FAILURES:
        for circumstances in ALL_CIRCUMSTANCES:
            check(failure, state, circumstances)


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize(("code", "old"), OLD_REMEDIES)
def test_what_older_ledgers_store_fits_too(
    state: JobState, code: str, old: str
) -> None:
    check(replace(failure_for(code), hint=old), state, ALL_CIRCUMSTANCES[-1])


@given(text=st.text())
def test_any_stored_remedy_is_cut_to_what_a_person_can_do(text: str) -> None:
    failure = Failure(
        kind=FailureKind.TRANSIENT,
        code="x",
        message="?",
        hint=f"{text}. Nothing to do: it is tried again by itself.",
    )
    assert "tried again by itself" not in said(failure, JobState.FAILED)


def test_a_failed_job_says_how_another_try_may_help() -> None:
    for failure in FAILURES:
        if failure.kind in decisions.CHARGED_KINDS | PERSON_KINDS:
            assert re.search(r"\bretry\b", said(failure, JobState.FAILED).lower())


def test_yt_dlp_is_never_called_outdated_when_it_may_be_the_newest() -> None:
    for failure, state in itertools.product(FAILURES, JobState):
        assert "pgrade yt-dlp:" not in said(failure, state)


def test_a_gates_hint_is_a_waiting_jobs() -> None:
    for failure in FAILURES:
        if failure.kind in GATE_OF:
            gate = gate_after_failure(None, failure, began_at=1.0, wall=1.0)
            text = gate_hint(gate, Circumstances(cookies=True))
            assert re.search(r"by (itself|themselves)", text), text
            assert "cookies_file" not in text
    other = replace(gate, name="new_cause")  # type: ignore[arg-type]  # of a later version
    assert isinstance(other, Gate)
    assert gate_hint(other) == other.hint


def test_without_a_session_no_folder_of_one_is_named() -> None:
    text = hint(
        kind="unavailable",
        code="private_video",
        remedy="",
        state=JobState.FAILED,
        circumstances=Circumstances(has_session=False),
    )
    assert text == (
        "Set [download] cookies_file to the cookies of an account that may see it. "
        "Then retry it."
    )


def test_a_session_that_expired_keeps_its_own_hint() -> None:
    error = transitions.cancel_error("session_expired")
    for state in JobState:
        text = hint(
            kind=error["error_kind"],
            code=error["error_code"],
            remedy=error["error_hint"],
            state=state,
        )
        assert text == (error["error_hint"] if state is JobState.CANCELLED else "")


def _codes_in_source() -> Iterator[str]:
    makers = {
        "Failure",
        "crash_failure",
        "_timeout",
        "_internal_failure",
        "failure_for",
    }
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in makers:
                given = [k.value for k in node.keywords if k.arg == "code"]
                given += node.args[:1] if node.func.id != "Failure" else []
                yield from (
                    code.value
                    for code in given
                    if isinstance(code, ast.Constant) and isinstance(code.value, str)
                )


def test_every_code_of_the_program_is_among_the_failures_here() -> None:
    tried = {failure.code for failure in FAILURES}
    assert set(_codes_in_source()) | HOST_ERROR_CODES <= tried


def test_only_one_place_shows_the_stored_remedy() -> None:
    """What reads `error_hint` elsewhere would show it beside whatever state."""
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "error_hint" in path.read_text() and path.parts[-2] != "ledger"
    }
    assert readers <= {
        "views/job_errors.py",
        "ledger/migrations/versions/0001_first_schema.py",
        "ledger/migrations/versions/0009_collections.py",
    }


def test_what_is_known_about_the_cookies_sent_is_said() -> None:
    sent = "The cookies were sent, and their account may not see it either."
    failure = replace(failure_for("members_only"), hint=sent)
    assert sent in said(failure, JobState.FAILED)
    paused = replace(failure_for("bot_check"), hint="Lower [pace] per_hour.")
    assert "cookies_file" not in said(paused, JobState.WAITING)
