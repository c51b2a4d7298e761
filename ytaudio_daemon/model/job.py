"""A job's states and the transitions between them. Pure: no clock, no I/O."""

from enum import StrEnum
from types import MappingProxyType


class JobState(StrEnum):
    """A job's state; `docs/states.md` draws the graph."""

    #: May be claimed when its turn comes.
    QUEUED = "queued"
    #: Over its session's quota; released when an earlier job is finalized.
    HELD = "held"
    #: A worker runs it.
    RUNNING = "running"
    #: Failed in a way that may pass; due again at `retry_at`.
    WAITING = "waiting"
    #: Audio published and proven.
    COMPLETED = "completed"
    #: For good: permanent, or its attempts are spent.
    FAILED = "failed"
    #: By a person or by session expiry.
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """The step of a running job."""

    RESOLVING = "resolving"
    DOWNLOADING = "downloading"
    CONVERTING = "converting"
    VERIFYING = "verifying"
    #: The only phase in the ledger: from here the job can no longer be cancelled.
    PUBLISHING = "publishing"


class SessionState(StrEnum):
    """A session's state."""

    ACTIVE = "active"
    EXPIRED = "expired"


class CancelResult(StrEnum):
    """The result of cancelling a job."""

    #: It is cancelled, now or before.
    CANCELLED = "cancelled"
    #: It is running; the daemon, or the program that runs it, is asked to stop it.
    REQUESTED = "requested"
    #: Too late: its audio is being published.
    PUBLISHING = "publishing"
    #: Too late: it is completed.
    COMPLETED = "completed"
    #: Too late: it has failed.
    FAILED = "failed"

    @property
    def is_too_late(self) -> bool:
        """The job was not cancelled and will not be."""
        return self not in {CancelResult.CANCELLED, CancelResult.REQUESTED}


#: Every transition a job may make; the ledger has one named function for each.
LEGAL_TRANSITIONS = MappingProxyType(
    {
        JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
        JobState.HELD: frozenset({JobState.QUEUED, JobState.CANCELLED}),
        JobState.RUNNING: frozenset(
            {
                JobState.COMPLETED,
                JobState.WAITING,
                JobState.FAILED,
                JobState.CANCELLED,
                JobState.QUEUED,  # shutdown or crash
            }
        ),
        JobState.WAITING: frozenset({JobState.QUEUED, JobState.CANCELLED}),
        JobState.COMPLETED: frozenset({JobState.QUEUED}),  # only if its file is gone
        JobState.FAILED: frozenset({JobState.QUEUED}),
        JobState.CANCELLED: frozenset({JobState.QUEUED}),
    }
)

#: States in which a job stays until a person asks for it again.
FINALIZED = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})

#: States that count against a session's `max_jobs`; a held job waits for such a place.
IN_QUOTA = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING})
