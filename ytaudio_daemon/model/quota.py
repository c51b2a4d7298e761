"""What a session may use. Pure."""

from dataclasses import dataclass

#: Room where there is no limit: more than any ledger holds.
UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A session's limits; 0 = no limit.

    Attributes:
        max_jobs: Unfinished jobs at once, or in its life with `reject_over`.
        max_bytes: Of finished audio.
        reject_over: Refuse what is over `max_jobs` instead of holding it.
    """

    max_jobs: int = 10
    max_bytes: int = 0
    reject_over: bool = False

    def with_session_limits(
        self, max_jobs: int | None, max_bytes: int | None
    ) -> "Quota":
        """Return the limits that hold where a session has some of its own."""
        return Quota(
            max_jobs=self.max_jobs if max_jobs is None else max_jobs,
            max_bytes=self.max_bytes if max_bytes is None else max_bytes,
            reject_over=self.reject_over,
        )
