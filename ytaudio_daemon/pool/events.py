"""The events and facts that the pool returns to its caller."""

from dataclasses import dataclass

from ytaudio_daemon.model import ListedPage, Outcome, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A worker runs the attempt.

    Attributes:
        pid: The worker's process, leader of its own group and session.
    """

    key: str
    attempt: int
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """How far a running attempt is."""

    key: str
    attempt: int
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A running listing has sent a page of entries.

    Pages come in order and without gaps. The first page of a later attempt begins
    the list anew.
    """

    key: str
    attempt: int
    page: ListedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The attempt is over; its processes are dead. Comes once for every start.

    Attributes:
        outcome: The worker's own, or a failure if it sent none.
        worker_crashed: The worker died without an outcome and was not killed by the
            caller, a limit, the template's end or a shutdown.
    """

    key: str
    attempt: int
    outcome: Outcome
    worker_crashed: bool


Event = Started | Progressed | Listed | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """The template's message `ready`.

    Attributes:
        pid: Its process.
        yt_dlp: yt-dlp's version, or "" when it is not installed.
        ejs: The version of yt-dlp-ejs, or "".
        engine_mark: A folder that an upgrade of yt-dlp removes, or "".
    """

    pid: int
    yt_dlp: str
    ejs: str
    engine_mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many attempts hold a slot, or wait for one; listings have slots of their own."""

    downloading: int
    converting: int
    waiting: int
    listing: int = 0
