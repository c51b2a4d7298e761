"""The bytes of finished audio that a session may have."""

from ytaudio_daemon.ledger import Ledger, sessions
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.quota import Quota

BYTE_LIMIT = "session_byte_limit"


def byte_limit_failure(
    ledger: Ledger, quota: Quota, claim: Claim, size_bytes: int = 1
) -> Failure | None:
    """Return the failure of a file that no longer fits into its session, else None.

    Args:
        ledger: Holds the session's own limits and its used bytes.
        quota: The config's limits; the session's own override them.
        claim: The job whose audio it is.
        size_bytes: The file's size; by default, whether there is any room at all.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    with ledger.read() as db:
        session = sessions.session_by_id(db, claim.session_id)
    limit = quota.with_session_limits(session.max_jobs, session.max_bytes).max_bytes
    if not limit or session.used_bytes + size_bytes <= limit:
        return None
    return Failure(
        kind=FailureKind.POLICY,
        code=BYTE_LIMIT,
        message=f"The finished file does not fit into the session's {limit} bytes, "
        f"of which {session.used_bytes} are used.",
        hint=f"Raise it: ytaudio session set {claim.session_name} --max-bytes …",
    )
