"""Makes `/api/jobs` the same address as `/api/jobs/`.

Starlette redirects from one to the other (307), which curl follows only with `-L`.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlash:
    """ASGI middleware that adds the last slash to an address whose route ends in one.

    Args:
        app: The application that handles the requests.
        paths: The paths of all its routes.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self._app = app
        self._without_slash = {
            path.removesuffix("/")
            for path in paths
            if path.endswith("/") and path.removesuffix("/") not in paths
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with the path of the route."""
        if scope["type"] == "http" and scope["path"] in self._without_slash:
            scope = {**scope, "path": f"{scope['path']}/"}
        await self._app(scope, receive, send)
