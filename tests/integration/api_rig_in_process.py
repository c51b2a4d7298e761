"""The API in the tests' own process: the whole application, without a socket."""

import asyncio
from typing import Any

import httpx

from ytaudio_daemon.api.app import Api

BASE = "http://localhost:8000"


class InProcessClient:
    """Sends requests to an application, and follows no redirect.

    Args:
        api: The application.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.headers: dict[str, str] = {}

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Send one request."""
        given = {**self.headers, **(headers or {})}

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._api, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await client.request(method, path, headers=given, **more)

        return asyncio.run(send())
