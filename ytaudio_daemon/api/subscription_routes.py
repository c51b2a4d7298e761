"""Routes of subscriptions: list the collections that a session follows."""

from fastapi import APIRouter
from starlette.responses import Response

from ytaudio_daemon.api.auth import UUID_PATTERN, ContextDep, OwnSession
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import After, Limit
from ytaudio_daemon.api.response_models import SubscriptionPage
from ytaudio_daemon.api.responses import json_response, openapi_responses
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import collection_queries, subscriptions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.views.collection_documents import collection_document

router = APIRouter(prefix="/api/subscriptions", tags=["Subscriptions"])


@router.get(
    "/",
    responses=openapi_responses(
        SubscriptionPage, "A page of followed collections", 401, 404, 410, 422, 503
    ),
)
def list_subscriptions(
    context: ContextDep,
    session: OwnSession,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List what the session follows or followed, the oldest first."""
    last = 0 if after is None else _own_id(context, session, after)
    with context.read() as db:
        ids = subscriptions.followed_collections(
            db, session_id=session.id, after_id=last, limit=limit + 1
        )
        found = collection_queries.collections_by_id(db, ids) if ids else {}
    known = circumstances(context.settings)
    page = [found[each] for each in ids[:limit]]
    document: SubscriptionPage = {
        "schema": "ytaudio.subscriptions/1",
        "subscriptions": [collection_document(each, known) for each in page],
        "next": page[-1].uuid if len(ids) > limit else None,
    }
    return json_response(document)


def _own_id(context: ApiContext, session: Session, collection_id: str) -> int:
    """Return the number of a collection of the session.

    Raises:
        Problem: The session has no such collection.
    """
    plain = collection_id.lower()
    if UUID_PATTERN.fullmatch(plain):
        with context.read() as db:
            found = collection_queries.collections_by_prefix(db, plain)
        if found and found[0].session_id == session.id:
            return found[0].id
    raise Problem(404, "unknown_subscription", "This session follows no such list.")
