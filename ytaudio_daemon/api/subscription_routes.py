"""Routes of subscriptions: list the collections that a session follows."""

from fastapi import APIRouter
from starlette.responses import Response

from ytaudio_daemon.api.auth import ContextDep, OwnSession
from ytaudio_daemon.api.collection_routes import find_own_collection
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import After, Limit
from ytaudio_daemon.api.response_models import SubscriptionPage
from ytaudio_daemon.api.responses import json_response, openapi_responses
from ytaudio_daemon.jobs.config_values import circumstances
from ytaudio_daemon.ledger import collection_queries, subscriptions
from ytaudio_daemon.views.collection_documents import collection_document

router = APIRouter(prefix="/api/subscriptions", tags=["Subscriptions"])


@router.get(
    "/",
    responses=openapi_responses(
        SubscriptionPage, "A page of followed collections", 401, 404, 410, 422, 503
    ),
)
def list_subscriptions(
    context: ContextDep, session: OwnSession, limit: Limit = 100, after: After = None
) -> Response:
    """List what the session follows or followed, the oldest first."""
    last = None if after is None else find_own_collection(context, session, after)
    if after is not None and last is None:
        raise Problem(404, "unknown_subscription", "This session follows no such list.")
    with context.read() as db:
        ids = subscriptions.followed_collections(
            db, session_id=session.id, after_id=last.id if last else 0, limit=limit + 1
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
