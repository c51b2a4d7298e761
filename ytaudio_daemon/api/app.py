"""Builds the application from routes, error handlers, guard and OpenAPI description."""

from collections.abc import Collection
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from ytaudio_daemon import __version__
from ytaudio_daemon.api import (
    audio,
    collection_routes,
    event_stream,
    health,
    job_routes,
    preview_routes,
    problems,
    session_routes,
    start_page,
    subscription_routes,
)
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.guard import Guard
from ytaudio_daemon.api.openapi import (
    API_DESCRIPTION,
    component_schemas,
    without_operator,
)
from ytaudio_daemon.api.polled_jobs import PolledJobs
from ytaudio_daemon.api.trailing_slash import TrailingSlash
from ytaudio_daemon.api.watched_jobs import WatchedJobs


class Api(FastAPI):
    """The application; its OpenAPI description depends on its configuration.

    Args:
        context: The resources of its routes.
    """

    def __init__(self, context: ApiContext) -> None:
        super().__init__(
            title="ytaudio",
            description=API_DESCRIPTION,
            version=__version__,
            openapi_url="/api/openapi.json",
            # Those pages load third-party scripts into the operator's browser.
            docs_url=None,
            redoc_url=None,
            generate_unique_id_function=lambda route: route.name,
        )
        self.state.context = context
        self.state.watched_jobs = WatchedJobs(context)
        self.state.polled_jobs = PolledJobs(context)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI description, built once."""
        if self.openapi_schema is None:
            description = super().openapi()
            description["components"]["schemas"] |= component_schemas()
            has_token = self.state.context.token is not None
            self.openapi_schema = (
                description if has_token else without_operator(description)
            )
        return self.openapi_schema


def create_app(context: ApiContext, hosts: Collection[str] | None = None) -> Api:
    """Return the application.

    Args:
        context: The resources of its routes.
        hosts: As in `Guard`.
    """
    app = Api(context)
    parts = (
        job_routes,
        event_stream,
        audio,
        preview_routes,
        collection_routes,
        session_routes,
        subscription_routes,
        health,
        start_page,
    )
    routers = [part.router for part in parts]
    for router in routers:
        app.include_router(router)
    routes = [r for router in routers for r in router.routes if isinstance(r, Route)]
    problems.install_handlers(app, routes)
    app.add_middleware(TrailingSlash, paths={r.path for r in routes})
    app.add_middleware(Guard, hosts=hosts)
    return app
