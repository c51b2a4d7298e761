"""Sentences for people about jobs, sessions and the daemon. Pure.

Titles come from strangers: nothing in them may mention a whole chat room (`@everyone`,
`<!here>`), or look like another line of the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from ytaudio_daemon.folders.layout import display_name
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.notify.notify_event import COMPLETED, NotifyEvent
from ytaudio_daemon.system.text import shortened, single_line
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views import DaemonProblem
from ytaudio_daemon.views.collection_text import entry_counts_text
from ytaudio_daemon.views.job_errors import job_error

MAX_TITLE = 100
MAX_REASON = 250
#: Problems named in one message.
MAX_PROBLEMS = 5
#: After an @ it keeps chat programs from reading a mention.
_ZERO_WIDTH_SPACE = "\u200b"
#: Chat programs do not read single angle quotation marks as a tag.
_LEFT_ANGLE, _RIGHT_ANGLE = "\u2039", "\u203a"
_NEUTRALIZED = str.maketrans(
    {"@": f"@{_ZERO_WIDTH_SPACE}", "<": _LEFT_ANGLE, ">": _RIGHT_ANGLE},
)


def event_text(
    event: NotifyEvent,
    *,
    keeps_audio: bool = True,
    circumstances: Circumstances = NOTHING_SET,
) -> str:
    """Return a sentence about the end of a job, collection or session, or about a drop.

    Args:
        event: The event.
        keeps_audio: Whether an ended session's audio is kept.
        circumstances: What the hint of a failed job need not advise.
    """
    if event.session is not None:
        return session_ended_text(event.session, keeps_audio=keeps_audio)
    if event.drop is not None:
        where = plain_line(event.drop.session_name, MAX_TITLE)
        return f"Refused in session {where}: {refusal_text(event.drop)}"
    if event.collection is not None:
        name = plain_line(event.collection.session_name, MAX_TITLE)
        word = "Finished" if event.event == COMPLETED else "Failed"
        text = collection_text(event.collection, circumstances)
        return f"{word} in session {name}: {text}{_new_text(event)}"
    job = event.job
    if job is None:  # cannot be: an event has one of the four
        return ""
    where = f"in session {plain_line(job.session_name, MAX_TITLE)}"
    if event.event == COMPLETED:
        return f"Finished {where}: {job_title(job)}"
    return f"Failed {where}: {failure_text(job, circumstances)}"


def session_ended_text(session: Session, *, keeps_audio: bool) -> str:
    """Return the sentence about a session's end, and its audio."""
    name = plain_line(session.name, MAX_TITLE)
    done, failed = (session.counts[s] for s in (JobState.COMPLETED, JobState.FAILED))
    audio = "its audio stays" if keeps_audio else "its audio is being removed"
    return f"Session {name} has ended: {job_counts_text(done, failed)}; {audio}."


def job_counts_text(finished: int, failed: int) -> str:
    """Return how many jobs finished and how many failed."""
    parts = [f"{finished:,} finished"] if finished or not failed else []
    parts += [f"{failed:,} failed"] if failed else []
    return ", ".join(parts)


def _new_text(event: NotifyEvent) -> str:
    """Return the titles that the last look at a followed collection brought."""
    titles = [plain_line(title, MAX_TITLE) for title in event.new_titles]
    return f"; new: {', '.join(titles)}" if titles else ""


def collection_title(collection: CollectionDetails) -> str:
    """Return a collection's title, or its link while the title is unknown."""
    return plain_line(collection.title or collection.url, MAX_TITLE)


def collection_text(
    collection: CollectionDetails, circumstances: Circumstances = NOTHING_SET
) -> str:
    """Return a collection's title, how much of it is done, and why it failed if it did."""
    why = _reason_text(collection.error, circumstances)
    if not why:
        why = entry_counts_text(asdict(collection.counts))
    return f"{collection_title(collection)}: {why}"


def job_title(job: JobRow) -> str:
    """Return a job's title, or its link while the title is unknown."""
    return plain_line(job.title or Link(job.video_id).url, MAX_TITLE)


def failure_text(job: JobRow, circumstances: Circumstances = NOTHING_SET) -> str:
    """Return a failed job's title, its error, and the hint."""
    why = _reason_text(job.error, circumstances) or "It failed."
    return f"{job_title(job)}: {why}"


def _reason_text(
    stored_error: Mapping[str, str | None] | None, circumstances: Circumstances
) -> str:
    """Return the message and hint of a failed job or collection, or ""."""
    error = job_error(stored_error, JobState.FAILED, circumstances)
    if error is None:
        return ""
    return plain_line(f"{error['message']} {error['hint']}".strip(), MAX_REASON)


def refusal_text(drop: ReceiptHead) -> str:
    """Return how much of a drop was refused, and where the reasons are."""
    name = plain_line(display_name(drop.name), MAX_TITLE)
    if drop.state == "rejected":
        reason = plain_line(drop.reason or "no line was usable", MAX_REASON)
        return f"all of {name}: {reason}"
    total = drop.accepted + drop.duplicate + drop.rejected
    return f"{drop.rejected:,} of {total:,} lines of {name}; its receipt says why"


def health_text(
    host: str, problems: Sequence[DaemonProblem], *, is_degraded: bool
) -> str:
    """Return the sentence that the daemon is degraded, or has recovered.

    A degraded one is followed by a line for each problem and its hint.
    """
    if not is_degraded:
        return f"ytaudio on {host} is well again."
    lines = [
        plain_line(f"{problem.message} {problem.hint}".strip(), MAX_REASON)
        for problem in problems[:MAX_PROBLEMS]
    ]
    codes = {problem.code for problem in problems}
    if codes == {GateName.OUTAGE.value}:
        head = f"ytaudio on {host} waits for YouTube; there is nothing to do."
    else:
        head = f"ytaudio on {host} needs a hand."
    return "\n".join([head, *lines])


def plain_line(text: str, longest: int) -> str:
    """Return a stranger's text on one line, cut to `longest`, with mentions disarmed."""
    return shortened(single_line(text), longest).translate(_NEUTRALIZED)
