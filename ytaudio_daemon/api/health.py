"""Monitoring: health for probes, metrics for Prometheus, status for people."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ytaudio_daemon import __version__
from ytaudio_daemon.api.auth import ContextDep, require_operator
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.metrics import CONTENT_TYPE, exposition
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.response_models import DaemonAnswer, Health
from ytaudio_daemon.api.responses import (
    PRIVATE_HEADERS,
    json_response,
    openapi_responses,
    problem_responses,
)
from ytaudio_daemon.ledger import counters, queries
from ytaudio_daemon.system import install_hints

router = APIRouter(prefix="/api", tags=["Health & monitoring"])


@router.get("/health", responses=openapi_responses(Health, "It takes jobs", 503))
def get_health(context: ContextDep) -> Response:
    """Return whether this server can accept jobs; needs no authentication.

    It is ready when the ledger can be read. `degraded` means that no daemon is
    running: jobs are accepted and wait.
    """
    error = context.ledger_error()
    if error is not None:
        raise Problem(
            503,
            "not_ready",
            error.message,
            error.hint,
            headers={"Retry-After": "5"},
            more={"live": True, "ready": False},
        ) from error
    down_reason = context.daemon_down_reason()
    document: Health = {
        "status": "degraded" if down_reason else "ok",
        "live": True,
        "ready": True,
        "version": __version__,
        "daemon": {"is_up": not down_reason, "note": down_reason or None},
    }
    return json_response(document)


@router.get(
    "/status",
    dependencies=[Depends(require_operator)],
    responses=openapi_responses(DaemonAnswer, "The daemon's document", 401, 503),
)
def get_status(context: ContextDep) -> Response:
    """Return the daemon's document, as in status/daemon.json."""
    document = context.daemon_document()
    if document is None:
        raise Problem(
            503,
            "daemon_never_ran",
            "The daemon has never run here.",
            f"Start it: {install_hints.start_daemon_command(context.settings.config_file)}",
            headers={"Retry-After": "5"},
        )
    down_reason = context.daemon_down_reason()
    return json_response(
        {**document, "is_up": not down_reason, "note": down_reason or None}
    )


@router.get(
    "/metrics",
    dependencies=[Depends(require_operator)],
    responses={
        200: {
            "description": "Prometheus' text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problem_responses(401, 503),
    },
)
def get_metrics(context: ContextDep) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(
        _exposition(context), headers=PRIVATE_HEADERS, media_type=CONTENT_TYPE
    )


def _exposition(context: ApiContext) -> bytes:
    with context.read() as db:
        counts, by_state = queries.total_counts(db), queries.session_counts(db)
        totals = counters.read_all(db)
    document = context.daemon_document()
    return exposition(
        counts=counts,
        sessions=by_state,
        totals=totals,
        daemon=document,
        is_up=not context.daemon_down_reason(),
        streams=context.streams_by_session.total(),
    )
