"""The errors of jobs and collections, as documents, receipts and notices show them."""

from collections.abc import Mapping

from ytaudio_daemon.ledger.receipt_line import ReceiptCollection, ReceiptLine
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances, hint
from ytaudio_daemon.model.host_errors import current_code
from ytaudio_daemon.schemas.job import JobError


def job_error(
    stored: Mapping[str, str | None] | None,
    state: JobState,
    circumstances: Circumstances = NOTHING_SET,
) -> JobError | None:
    """Return a job's error, with a hint that fits its state; None when it has none.

    Args:
        stored: The ledger's kind, code, message and hint (the failure's remedy).
        state: The job's state.
        circumstances: What the hint need not advise.
    """
    if stored is None or stored["kind"] is None:
        return None
    kind, code = stored["kind"], current_code(stored["code"] or "")
    return {
        "kind": kind,
        "code": code,
        "message": stored["message"] or "",
        "hint": hint(
            kind=kind,
            code=code,
            remedy=stored["hint"] or "",
            state=state,
            circumstances=circumstances,
        ),
    }


def collection_error(
    collection: ReceiptCollection, circumstances: Circumstances = NOTHING_SET
) -> JobError | None:
    """Return why a collection could not be listed; None when it could."""
    return job_error(collection.error, JobState(collection.state.value), circumstances)


def line_error(
    line: ReceiptLine, circumstances: Circumstances = NOTHING_SET
) -> JobError | None:
    """Return the error of a receipt line's job; None when it has none, or no job."""
    if line.state is None or line.error_kind is None:
        return None
    stored = {
        "kind": line.error_kind,
        "code": line.error_code,
        "message": line.error_message,
        "hint": line.error_hint,
    }
    return job_error(stored, JobState(line.state), circumstances)
