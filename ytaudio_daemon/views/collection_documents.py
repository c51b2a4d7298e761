"""The documents of collections and of their entries. Pure."""

from collections.abc import Iterable

from ytaudio_daemon.ledger.collection_queries import (
    CollectionDetails,
    CollectionRow,
    EntryDetails,
)
from ytaudio_daemon.ledger.subscriptions import Subscription
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.hints import NOTHING_SET, Circumstances
from ytaudio_daemon.model.subscription import SubscriptionState
from ytaudio_daemon.schemas.collection import (
    CollectionDetailsDocument,
    CollectionDocument,
    CollectionEntry,
    CollectionSubscription,
    SessionCollection,
)
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.urls import Link
from ytaudio_daemon.views.job_errors import job_error


def session_collection(
    row: CollectionRow, circumstances: Circumstances = NOTHING_SET
) -> SessionCollection:
    """Return a collection's part of its session's document."""
    return {
        "id": row.uuid,
        "kind": row.kind,
        "url": row.url,
        "title": row.title,
        "state": row.state.value,
        "count": row.entry_count,
        "retry_at": rfc3339(row.retry_at),
        "error": job_error(row.error, JobState(row.state.value), circumstances),
        "subscription": subscription_document(row.subscription),
    }


def subscription_document(
    subscription: Subscription | None,
) -> CollectionSubscription | None:
    """Return a collection's subscription; None if it was never followed."""
    if subscription is None:
        return None
    is_active = subscription.state is SubscriptionState.ACTIVE
    return {
        "state": subscription.state.value,
        "every_s": subscription.interval_s,
        "keep_last": subscription.keep_last,
        "next_look_at": rfc3339(subscription.next_at) if is_active else None,
        "looked_at": rfc3339(subscription.looked_at),
        "failures": subscription.failures,
    }


def collection_document(
    details: CollectionDetails, circumstances: Circumstances = NOTHING_SET
) -> CollectionDocument:
    """Return a collection's document."""
    counts = details.counts
    return {
        **session_collection(details, circumstances),
        "session": details.session_name,
        "session_uuid": details.session_uuid,
        "source": {
            "file": details.source_file,
            "line": details.source_line,
            "part": details.source_part,
        },
        "channel": details.channel,
        "counts": {
            "completed": counts.completed,
            "failed": counts.failed,
            "cancelled": counts.cancelled,
            "unfinished": counts.unfinished,
            "unavailable": counts.unavailable,
            "not_selected": counts.not_selected,
        },
        "is_cut": details.is_cut,
        "created_at": rfc3339(details.created_at),
        "listed_at": rfc3339(details.listed_at),
    }


def collection_details_document(
    details: CollectionDetails,
    entries: Iterable[EntryDetails],
    circumstances: Circumstances = NOTHING_SET,
) -> CollectionDetailsDocument:
    """Return the document of a collection with its entries."""
    return {
        "schema": "ytaudio.collection/1",
        **collection_document(details, circumstances),
        "entries": [entry_document(entry) for entry in entries],
    }


def entry_document(entry: EntryDetails) -> CollectionEntry:
    """Return an entry's document."""
    return {
        "position": entry.position,
        "video_id": entry.video_id,
        "url": Link(entry.video_id).url,
        "title": entry.title,
        "duration_s": entry.duration_s,
        "upload_date": entry.upload_date,
        "job": entry.job_uuid,
        "state": None if entry.job_state is None else entry.job_state.value,
        "reason": _reason_without_job(entry),
        "first_seen_at": rfc3339(entry.first_seen_at),
        "gone_at": rfc3339(entry.gone_at),
        "removal": entry.removal,
        "pinned": entry.is_pinned,
    }


def _reason_without_job(entry: EntryDetails) -> str | None:
    if entry.job_uuid is not None:
        return None
    return entry.skipped or entry.unavailable or None
