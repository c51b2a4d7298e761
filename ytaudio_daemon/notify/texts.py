"""What is told, in sentences for people. Pure.

Titles come from strangers: nothing in them may call a whole chat room (`@everyone`,
`<!here>`), or look like a line of ours.
"""

from collections.abc import Sequence

from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState
from ytaudio_daemon.notify.notify_event import COMPLETED, News
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views import DaemonProblem

MAX_TITLE = 100
MAX_REASON = 250
#: Problems named in one message.
MAX_PROBLEMS = 5
#: After an @ it keeps chat programs from seeing a mention.
_ZERO_WIDTH_SPACE = "\u200b"
#: No chat program takes these for a tag: single angle quotation marks.
_OPENING, _TRAILING_PUNCTUATION = "\u2039", "\u203a"
_HARMLESS = str.maketrans(
    {"@": f"@{_ZERO_WIDTH_SPACE}", "<": _OPENING, ">": _TRAILING_PUNCTUATION},
)


def sentence(news: News, *, audio_stays: bool = True) -> str:
    """Return what happened, in one line.

    Args:
        news: The end of a job or session.
        audio_stays: Whether an ended session's audio is kept.
    """
    if news.session is not None:
        return ended(news.session, audio_stays=audio_stays)
    job = news.job
    if job is None:  # neither: nothing of that kind is read
        return ""
    where = f"in session {harmless(job.session_name, MAX_TITLE)}"
    if news.event == COMPLETED:
        return f"Finished {where}: {title_of(job)}"
    return f"Failed {where}: {failure_of(job)}"


def ended(session: Session, *, audio_stays: bool) -> str:
    """Return the sentence about a session's end."""
    name = harmless(session.name, MAX_TITLE)
    done, failed = (session.counts[s] for s in (JobState.COMPLETED, JobState.FAILED))
    audio = "its audio stays" if audio_stays else "its audio is being removed"
    return f"Session {name} has ended: {tally(done, failed)}; {audio}."


def tally(finished: int, failed: int) -> str:
    """Return how many finished and how many failed."""
    parts = [f"{finished:,} finished"] if finished or not failed else []
    parts += [f"{failed:,} failed"] if failed else []
    return ", ".join(parts)


def title_of(job: JobRow) -> str:
    """Return what a person would call a job's audio."""
    return harmless(job.title or Link(job.video_id).url, MAX_TITLE)


def failure_of(job: JobRow) -> str:
    """Return a failed job with why, and what to do."""
    error = job.error or {"message": "It failed.", "hint": ""}
    why = " ".join(filter(None, (error["message"], error["hint"])))
    return f"{title_of(job)}: {harmless(why, MAX_REASON)}"


def degraded(host: str, problems: Sequence[DaemonProblem]) -> str:
    """Return what is wrong and what to do, a line for each problem."""
    lines = [
        harmless(f"{problem.message} {problem.hint}".strip(), MAX_REASON)
        for problem in problems[:MAX_PROBLEMS]
    ]
    return "\n".join([f"ytaudio on {host} needs a hand.", *lines])


def recovered(host: str) -> str:
    """Return that all is well again."""
    return f"ytaudio on {host} is well again."


def harmless(text: str, longest: int) -> str:
    """Return a stranger's text on one line, not too long, without any effect."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    words = " ".join(plain.split())
    short = words if len(words) <= longest else f"{words[: longest - 1]}…"
    return short.translate(_HARMLESS)
