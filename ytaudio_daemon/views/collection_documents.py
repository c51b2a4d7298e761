"""Collections as the documents of sessions show them. Pure."""

from ytaudio_daemon.ledger.collections import CollectionRow
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.schemas.session import SessionCollection
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views.job_errors import job_error


def collection_document(
    row: CollectionRow, circumstances: Circumstances = NOTHING_SET
) -> SessionCollection:
    """Return a collection's document."""
    return {
        "id": row.uuid,
        "kind": row.kind,
        "url": row.url,
        "title": row.title,
        "state": row.state.value,
        "count": row.entry_count,
        "retry_at": rfc3339(row.retry_at),
        "error": job_error(row.error, JobState(row.state.value), circumstances),
    }
