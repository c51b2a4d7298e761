"""Routes of playlists, albums and channels: list, show, cancel, list again."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ytaudio_daemon.api.auth import UUID_PATTERN, ContextDep, OwnSession
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import After, AfterEntry, CollectionId, Limit
from ytaudio_daemon.api.response_models import (
    CollectionAnswer,
    CollectionPage,
    EntryPage,
)
from ytaudio_daemon.api.responses import (
    OWN_ITEM_STATUSES,
    json_response,
    openapi_responses,
)
from ytaudio_daemon.api.session_routes import KnownSession
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import collection_queries
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.collections import NewCollection
from ytaudio_daemon.ledger.enqueue import JobOptions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model.collection import LISTING_ENDED
from ytaudio_daemon.operations import collection_changes
from ytaudio_daemon.operations.links import request_collection
from ytaudio_daemon.views.collection_documents import (
    collection_document,
    entry_document,
)

router = APIRouter(tags=["Collections"])

#: A name in the place of an ID: `POST /api/collections/preview`.
PREVIEW = "preview"
#: OpenAPI's links from a new collection to the operations that take its ID.
COLLECTION_LINKS = {
    name: {
        "operationId": name,
        "parameters": {"collection_id": "$response.body#/collection_uuid"},
    }
    for name in ("get_collection", "list_entries", "cancel_collection")
}


def own_collection(
    context: ContextDep, session: OwnSession, collection_id: CollectionId
) -> CollectionDetails:
    """Return a collection of the session; those of other sessions count as unknown.

    Raises:
        Problem: The session has no such collection.
        HTTPException: It is the address of previews, which takes another method.
    """
    if collection_id == PREVIEW:
        raise HTTPException(405)
    return _require_own(context, session, collection_id)


OwnCollection = Annotated[CollectionDetails, Depends(own_collection)]


@router.get(
    "/api/sessions/{session_uuid}/collections",
    responses=openapi_responses(
        CollectionPage, "A page of collections", 404, 410, 422, 503
    ),
)
def list_collections(
    context: ContextDep, session: KnownSession, limit: Limit = 100, after: After = None
) -> Response:
    """List a session's playlists, albums and channels, the oldest first."""
    last = None if after is None else _require_own(context, session, after)
    with context.read() as db:
        found = collection_queries.find_collections(
            db, session_id=session.id, after_id=last.id if last else 0, limit=limit + 1
        )
    document: CollectionPage = {
        "schema": "ytaudio.collections/1",
        "collections": [api_collection(context, each) for each in found[:limit]],
        "next": found[limit - 1].uuid if len(found) > limit else None,
    }
    return json_response(document)


@router.get(
    "/api/collections/{collection_id}",
    responses=openapi_responses(CollectionAnswer, "The collection", *OWN_ITEM_STATUSES),
)
def get_collection(context: ContextDep, collection: OwnCollection) -> Response:
    """Return a collection: how far it is listed, and what became of its entries."""
    return json_response(api_collection(context, collection))


@router.get(
    "/api/collections/{collection_id}/entries",
    responses=openapi_responses(
        EntryPage, "A page of entries", *OWN_ITEM_STATUSES, 422
    ),
)
def list_entries(
    context: ContextDep,
    collection: OwnCollection,
    limit: Limit = 100,
    after: AfterEntry = None,
) -> Response:
    """List a collection's entries: each has a job, or a reason why not."""
    position, _, video_id = (after or "0:").partition(":")
    with context.read() as db:
        found = collection_queries.entries_of_collection(
            db, collection.id, after=(int(position), video_id), limit=limit + 1
        )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    document: EntryPage = {
        "collection_uuid": collection.uuid,
        "entries": [entry_document(entry) for entry in page],
        "next": f"{last.position}:{last.video_id}" if last else None,
    }
    return json_response(document)


@router.delete(
    "/api/collections/{collection_id}",
    responses=openapi_responses(
        CollectionAnswer, "The cancelled collection", *OWN_ITEM_STATUSES, 409, 507
    ),
)
def cancel_collection(context: ContextDep, collection: OwnCollection) -> Response:
    """Stop the listing, and cancel the jobs that it made; running ones are stopped soon."""
    change = collection_changes.cancel_collection(
        context.write, collection, context.settings.sessions.quota
    )
    if change.is_nothing:
        raise Problem(
            409, "illegal_move", "Its listing and all of its jobs have ended already."
        )
    return json_response(api_collection(context, _fresh(context, collection)))


@router.post(
    "/api/collections/{collection_id}/retry",
    responses=openapi_responses(
        CollectionAnswer, "The collection", *OWN_ITEM_STATUSES, 409, 507
    ),
)
def retry_collection(context: ContextDep, collection: OwnCollection) -> Response:
    """List it again, for what is new, and run again what failed or was cancelled."""
    change = collection_changes.retry_collection(context.write, collection)
    if change.is_nothing:
        raise Problem(
            409, "illegal_move", "It is being listed, and nothing has failed."
        )
    return json_response(api_collection(context, _fresh(context, collection)))


def post_collection(
    context: ApiContext, session: Session, new: NewCollection, job_options: JobOptions
) -> Response:
    """Record that a collection is to be listed, or listed again, and return it."""
    with context.write() as (db, now):
        asked = request_collection(
            db,
            session.id,
            new,
            job_options=job_options,
            quota=context.settings.sessions.quota,
            now=now,
        )
        found = collection_queries.collections_by_id(db, [asked.collection_id])
    collection = found[asked.collection_id]
    headers = {"Location": f"/api/collections/{collection.uuid}"}
    answer = api_collection(context, collection, asked.message)
    return json_response(answer, 202, headers)


def api_collection(
    context: ApiContext, collection: CollectionDetails, message: str | None = None
) -> CollectionAnswer:
    """Return a collection's answer, with a note on what a listing is waiting for."""
    note = message
    if note is None and collection.state not in LISTING_ENDED:
        down_reason = context.daemon_down_reason()
        note = f"{down_reason}; it is listed then" if down_reason else None
    document = collection_document(collection, circumstances(context.settings))
    return {**document, "collection_uuid": collection.uuid, "note": note}


def find_own_collection(
    context: ApiContext, session: Session, collection_id: str
) -> CollectionDetails | None:
    """Return the session's collection with this UUID, or None."""
    plain = collection_id.lower()
    if not UUID_PATTERN.fullmatch(plain):
        return None
    with context.read() as db:
        found = collection_queries.collections_by_prefix(db, plain)
    return found[0] if found and found[0].session_id == session.id else None


def _require_own(
    context: ApiContext, session: Session, collection_id: str
) -> CollectionDetails:
    found = find_own_collection(context, session, collection_id)
    if found is None:
        raise Problem(404, "unknown_collection", "This session has no such collection.")
    return found


def _fresh(context: ApiContext, collection: CollectionDetails) -> CollectionDetails:
    with context.read() as db:
        found = collection_queries.collections_by_id(db, [collection.id])
    return found[collection.id]
