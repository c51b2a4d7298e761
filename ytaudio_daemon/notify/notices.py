"""A notice for programs: what happened, and the Job, as JSON. Pure.

`schemas/ytaudio.notice-1.json` describes every field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import JobState
from ytaudio_daemon.notify import texts
from ytaudio_daemon.notify.notify_event import DEGRADED, RECOVERED, News
from ytaudio_daemon.views import DaemonProblem, job_document, rfc3339

SCHEMA = "ytaudio.notice/1"
TEST = "test"
TEST_WORDS = "This is a test: notices of ytaudio arrive here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What notices say of the daemon and its settings.

    Attributes:
        host: The machine's name.
        attempts: `[retry] attempts`.
        on_expiry: `[sessions] on_expiry`.
    """

    host: str
    attempts: int = 8
    on_expiry: str = "keep"

    def audio_stays(self, session: Session | None) -> bool:
        """Tell whether a session's audio is kept when it ends."""
        own = session.on_expiry if session else None
        return (own or self.on_expiry) == "keep"


def of_news(news: News, terms: Terms) -> dict[str, Any]:
    """Return the notice about a job or session."""
    stays = terms.audio_stays(news.session)
    return _notice(
        news.event,
        identity=f"{news.event}-{news.event_id}",
        at=news.at,
        host=terms.host,
        message=texts.sentence(news, audio_stays=stays),
        job=job_document(news.job, attempts_max=terms.attempts) if news.job else None,
        session=_session(news.session, terms) if news.session else None,
    )


def of_weather(
    problems: Sequence[DaemonProblem], at: float, terms: Terms, *, is_degraded: bool
) -> dict[str, Any]:
    """Return the notice that the daemon is degraded, or well again."""
    event = DEGRADED if is_degraded else RECOVERED
    return _notice(
        event,
        identity=f"{event}-{at:.0f}",
        at=at,
        host=terms.host,
        message=weather_words(problems, terms, is_degraded=is_degraded),
        problems=problems if is_degraded else (),
    )


def weather_words(
    problems: Sequence[DaemonProblem], terms: Terms, *, is_degraded: bool
) -> str:
    """Return the sentences about it."""
    if is_degraded:
        return texts.degraded(terms.host, problems)
    return texts.recovered(terms.host)


def of_test(at: float, terms: Terms) -> dict[str, Any]:
    """Return the notice that `ytaudio notify test` sends."""
    return _notice(
        TEST, identity=f"{TEST}-{at:.0f}", at=at, host=terms.host, message=TEST_WORDS
    )


def _notice(  # noqa: PLR0913 - a document's fields
    event: str,
    *,
    identity: str,
    at: float,
    host: str,
    message: str,
    job: dict[str, Any] | None = None,
    session: dict[str, Any] | None = None,
    problems: Sequence[DaemonProblem] = (),
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "id": identity,
        "event": event,
        "at": rfc3339(at),
        "host": host,
        "message": message,
        "job": job,
        "session": session,
        "problems": [
            {
                "code": problem.code,
                "message": problem.message,
                "hint": problem.hint,
                "since": rfc3339(problem.since),
            }
            for problem in problems[: texts.MAX_PROBLEMS]
        ],
    }


def _session(session: Session, terms: Terms) -> dict[str, Any]:
    return {
        "name": session.name,
        "uuid": session.uuid,
        "state": session.state.value,
        "counts": {state.value: session.counts[state] for state in JobState},
        "audio": "kept" if terms.audio_stays(session) else "removed",
    }
