"""The limits of a session. Pure."""

from dataclasses import dataclass

#: The room where there is no limit: more jobs than any ledger has.
UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A session's limits; 0 = no limit.

    Attributes:
        max_jobs: Unfinished jobs at once; with `reject_over` also all jobs in its life.
        max_bytes: Bytes of finished audio.
        reject_over: Links over `max_jobs` are refused instead of held.
    """

    max_jobs: int = 10
    max_bytes: int = 0
    reject_over: bool = False

    def with_session_limits(
        self, max_jobs: int | None, max_bytes: int | None
    ) -> "Quota":
        """Return the limits of a session; its own (not None) win."""
        return Quota(
            max_jobs=self.max_jobs if max_jobs is None else max_jobs,
            max_bytes=self.max_bytes if max_bytes is None else max_bytes,
            reject_over=self.reject_over,
        )
