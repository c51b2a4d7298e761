"""The route that previews a collection: lists and sums it up, and records nothing."""

import time

from fastapi import APIRouter
from starlette.responses import Response

from ytaudio_daemon.api.auth import ContextDep, OwnSession
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.posted_links import read_posted_link
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import PreviewWish
from ytaudio_daemon.api.responses import json_response, openapi_responses
from ytaudio_daemon.downloader.expansion import CollectionRequest
from ytaudio_daemon.downloader.preview_documents import collection_preview
from ytaudio_daemon.folders import cookie_jars
from ytaudio_daemon.operations.prospects import closed_reason, prospect
from ytaudio_daemon.operations.transaction import read_now
from ytaudio_daemon.schemas.preview import PreviewDocument

router = APIRouter(prefix="/api/collections", tags=["Collections"])


@router.post(
    "/preview",
    responses=openapi_responses(
        PreviewDocument, "What it would come to", 401, 409, 410, 413, 422, 429, 503, 504
    ),
)
def preview_collection(
    context: ContextDep, session: OwnSession, new_job: PreviewWish
) -> Response:
    """Look at a playlist, an album or a channel: items, hours, bytes, when it is done.

    It is listed as it is now; nothing is recorded or downloaded.
    """
    posted = read_posted_link(context, session, new_job)
    collection = posted.target.collection
    if collection is None:
        raise Problem(
            422,
            "not_a_collection",
            "This link names one video, and no playlist, album or channel.",
            'Post it to /api/jobs/; "list": "yes" in `selection` is for the list beside it.',
        )
    _require_open_gates(context)
    request = CollectionRequest.from_layer(collection, posted.layer)
    own_cookies = cookie_jars.find_cookies(context.layout, session.uuid)
    previewed = context.previewer.preview(
        request, posted.options, own_cookies, context.is_closing
    )
    with context.read() as db:
        found = prospect(
            db,
            context.settings,
            session,
            previewed.preview,
            read_now(db),
            again=posted.again,
        )
    document: PreviewDocument = {
        "schema": "ytaudio.preview/1",
        **collection_preview(previewed, found, time.time()),
    }
    return json_response(document)


def _require_open_gates(context: ApiContext) -> None:
    """Refuse to ask YouTube while the daemon must not either.

    Raises:
        Problem: A gate is closed.
    """
    with context.read() as db:
        reason = closed_reason(db, context.settings, read_now(db))
    if reason is not None:
        raise Problem(
            503,
            "gate_closed",
            f"YouTube is left in peace at present: {reason}",
            "Post the link: it is listed as soon as that is over.",
        )
