"""Pure values and decisions: states, options, outcomes. No clock, no I/O."""

from ytaudio_daemon.model.job import (
    FINALIZED,
    IN_QUOTA,
    LEGAL_TRANSITIONS,
    JobState,
    Phase,
    SessionState,
)
from ytaudio_daemon.model.line_part import LinePart
from ytaudio_daemon.model.list_totals import ListTotals
from ytaudio_daemon.model.listing import (
    AlbumFacts,
    AttemptRequest,
    ListedEntry,
    ListedPage,
    ListRequest,
    Unavailable,
)
from ytaudio_daemon.model.options import Layer, OptionError, Options
from ytaudio_daemon.model.outcome import (
    Failure,
    FailureKind,
    FetchRequest,
    Limits,
    Network,
    Outcome,
    Progress,
    Result,
)

__all__ = [
    "FINALIZED",
    "IN_QUOTA",
    "LEGAL_TRANSITIONS",
    "AlbumFacts",
    "AttemptRequest",
    "Failure",
    "FailureKind",
    "FetchRequest",
    "JobState",
    "Layer",
    "Limits",
    "LinePart",
    "ListRequest",
    "ListTotals",
    "ListedEntry",
    "ListedPage",
    "Network",
    "OptionError",
    "Options",
    "Outcome",
    "Phase",
    "Progress",
    "Result",
    "SessionState",
    "Unavailable",
]
