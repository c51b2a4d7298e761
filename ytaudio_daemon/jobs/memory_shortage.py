"""Whether memory is short for all jobs, or one link takes too much of it."""

from dataclasses import replace

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.decide import OUT_OF_MEMORY

#: Jobs whose workers were killed within so long, in seconds, died of one cause.
WINDOW_S = 900.0


class MemoryShortage:
    """Judges workers that the kernel killed because memory ran out.

    One job that dies so again and again is at fault, and is charged for it. Several jobs
    are not: the machine, or the daemon's cgroup, has too little memory for them.
    """

    def __init__(self) -> None:
        #: When each job's worker was killed, by uptime.
        self._killed_at: dict[str, float] = {}

    def judge(self, job_uuid: str, failure: Failure, now: Now) -> Failure:
        """Return the failure, as the host's when it struck other jobs, too."""
        if (failure.kind, failure.code) != (FailureKind.CRASHED, OUT_OF_MEMORY):
            return failure
        self._killed_at[job_uuid] = now.uptime_s
        self._killed_at = {
            uuid: killed_at
            for uuid, killed_at in self._killed_at.items()
            if killed_at > now.uptime_s - WINDOW_S
        }
        if len(self._killed_at) == 1:
            return failure
        return replace(
            failure_for(OUT_OF_MEMORY),
            message="The kernel killed several downloads because memory ran out.",
        )

    def succeeded(self) -> None:
        """Record that there is enough memory for a job."""
        self._killed_at.clear()
