"""The daemon's own status document."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model.gates import GateName, GateState
from ytaudio_daemon.schemas.fields import NAME_OF_FORM, Count, Time, one_of
from ytaudio_daemon.schemas.job import JobCounts
from ytaudio_daemon.schemas.session import FileHead


class Slots(TypedDict):
    """Slots of one kind."""

    busy: Annotated[Count, "Now."]
    max: Annotated[Count, "At most."]


class YtDlpUpgrade(TypedDict):
    """How the last upgrade went, or null."""

    at: Annotated[Time, "When it ended."]
    result: Annotated[
        str,
        "upgraded, current (nothing newer), refused (it did not pass its check) or"
        " failed (it could not be fetched).",
    ]
    version: Annotated[str, "The version it was about, or empty."]
    message: Annotated[str, "One sentence."]
    automatic: Annotated[bool, "Nobody asked for it."]


class YtDlpSource(TypedDict):
    """Where yt-dlp comes from, and how it is kept fresh."""

    path: Annotated[str | None, "Its folder; null: the one that came with the program."]
    pinned: Annotated[
        bool, "This version was chosen by a person: it is not upgraded automatically."
    ]
    channel: Annotated[str, "Which releases are taken: stable or nightly."]
    auto_upgrade: Annotated[str, "daily or off."]
    upgrading: Annotated[bool, "An upgrade of the daemon's own is under way."]
    last_upgrade: YtDlpUpgrade | None


class DaemonProcess(TypedDict):
    """The process."""

    version: Annotated[str, "Of this program."]
    yt_dlp: Annotated[str | None, "Its version."]
    yt_dlp_age_days: Annotated[Count | None, "Days since that version came out."]
    ffmpeg: Annotated[str | None, "Its version."]
    js_runtime: Annotated[str | None, "Name and version of the JavaScript runtime."]
    engine: YtDlpSource | None
    pid: Annotated[Count, "Its process ID."]
    host: Annotated[str, "The machine it runs on."]
    state: Annotated[
        str,
        one_of(("starting", "running", "draining", "degraded", "stopped")),
        "degraded: it runs, and problems says what is wrong.",
    ]
    started_at: Annotated[Time, "When it started."]
    workers: Annotated[Slots, "How many downloads run at the same time."]
    converters: Annotated[Slots, "Conversions at once."]


class Disk(TypedDict):
    """The disk of the downloads."""

    free_bytes: Annotated[Count, "Free."]
    reserve_bytes: Annotated[Count, "Kept free."]


class ClosedGate(TypedDict):
    """A closed gate."""

    name: Annotated[str, one_of(GateName), "What is shut."]
    code: Annotated[str, "Stable name of the cause."]
    reason: Annotated[str, "One plain sentence."]
    hint: Annotated[str, "What a person can do, or empty."]
    closed_at: Annotated[Time, "Since when."]
    until: Annotated[Time, "When one job is let through to see whether it is over."]
    state: Annotated[
        str,
        one_of(GateState),
        "closed: until then; due: the next job is let through; probing: it is being"
        " tried now.",
    ]


class EgressPace(TypedDict):
    """The pace of an egress; null when it has no limit."""

    burst: Annotated[Count, "How many videos may start at once after a quiet time."]
    per_hour: Annotated[Count, "Videos an hour after that."]
    available: Annotated[Count, "Videos that could begin at once now."]


class EgressStatus(TypedDict):
    """A way out to YouTube."""

    name: Annotated[
        str, "Its proxy without user name and password; default: the ordinary way."
    ]
    open: Annotated[bool, "No gate stops it."]
    gates: Annotated[list[ClosedGate], "Why nothing is started by it now."]
    pace: EgressPace | None


class PaceDocument(TypedDict):
    """How fast videos are started by each egress (`[pace]`)."""

    burst: Annotated[Count, "How many videos may start at once after a quiet time."]
    per_hour: Annotated[
        Count, "How many videos may start per hour after that; 0 is no limit."
    ]
    next_at: Annotated[
        Time | None, "When the next may start; null: at once, or none is queued."
    ]


class Forecast(TypedDict):
    """When the queue is done, as fast as the latest jobs went and the pace allows."""

    jobs: Annotated[Count, "Jobs that run, are queued or held."]
    done_at: Annotated[Time, "When all of them are done, if nothing fails."]


class SessionCounts(TypedDict):
    """All sessions, by state."""

    active: Annotated[Count, "Taking drops."]
    expired: Annotated[Count, "Ended."]


class ProblemDocument(TypedDict):
    """A problem."""

    code: Annotated[str, "Stable name of the cause."]
    message: Annotated[str, "One plain sentence."]
    hint: Annotated[str, "What to do, or empty."]
    since: Annotated[Time, "Since when."]


class DaemonDocument(TypedDict):
    """The daemon's document before it is written to its file."""

    schema: Annotated[Literal["ytaudio.daemon/1"], NAME_OF_FORM]
    stale_after_s: Annotated[
        Count, "When written_at is older, in seconds, the daemon is not running."
    ]
    daemon: DaemonProcess
    disk: Disk
    gates: Annotated[
        list[ClosedGate], "Why nothing is started now; empty when nothing holds it up."
    ]
    pace: PaceDocument
    forecast: Annotated[
        Forecast | None,
        "null while nothing is queued, a gate is closed, or no job is completed yet.",
    ]
    egress: Annotated[
        list[EgressStatus],
        "The ways out to YouTube; one that is shut does not stop the others.",
    ]
    counts: Annotated[JobCounts, "All jobs, by state."]
    sessions: SessionCounts
    shown_event: Annotated[
        Count,
        "The ledger's last event that status files, receipts and the library show.",
    ]
    problems: Annotated[
        list[ProblemDocument],
        "What is wrong and what to do about it; empty when all is well.",
    ]


class DaemonFile(DaemonDocument, FileHead):
    """status/daemon.json: how the daemon is."""
