"""The tests' end of the stand-in: starts the process, steers it, asks what it saw."""

import http
import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.youtube.collection import Channel, Playlist
from tests.youtube.faults import Fault, Kind
from tests.youtube.journal import Request
from tests.youtube.outages import Outage
from tests.youtube.site import EVERY_VIDEO
from tests.youtube.video import Status, Video

CHECKOUT = Path(__file__).resolve().parents[2]


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment for a Python that must find this package."""
    path = os.environ.get("PYTHONPATH")
    found = f"{CHECKOUT}{os.pathsep}{path}" if path else str(CHECKOUT)
    return {**os.environ, "PYTHONPATH": found, **more}


class Remote:
    """A running stand-in, wherever it was started; safe to use from many threads."""

    def __init__(self, proxy: str, ca_file: Path) -> None:
        """Steer the server behind this proxy address."""
        #: What yt-dlp's option `proxy` must be.
        self.proxy = proxy
        #: What SSL_CERT_FILE must name; yt-dlp also needs compat_opts no-certifi.
        self.ca_file = ca_file
        self._default: Video | None = None
        self._blocked: Status | None = None
        self._offline = False

    def add(self, *videos: Video) -> None:
        """Show videos, each in place of the one that had its ID."""
        for video in videos:
            self._order("add", video=video.as_json())

    def add_lists(self, *lists: Playlist | Channel) -> None:
        """Show playlists and channels, each in place of the one that had its ID."""
        for each in lists:
            kind = "playlist" if isinstance(each, Playlist) else "channel"
            self._order(f"add_{kind}", **{kind: each.as_json()})

    @property
    def default(self) -> Video | None:
        """The template for IDs that nobody added; without one they are "removed"."""
        return self._default

    @default.setter
    def default(self, video: Video | None) -> None:
        self._order("default", video=None if video is None else video.as_json())
        self._default = video

    @property
    def blocked(self) -> Status | None:
        """The status that every video has for now, e.g. "bot" for a blocked address."""
        return self._blocked

    @blocked.setter
    def blocked(self, status: Status | None) -> None:
        self._order("block", status=status, egress=None)
        self._blocked = status

    def block_egress(self, name: str, status: Status | None) -> None:
        """Give every video a status for those who come by one of the tests' proxies."""
        self._order("block", status=status, egress=name)

    @property
    def offline(self) -> bool:
        """Whether the network behind the proxy is down: all tunnels are reset."""
        return self._offline

    @offline.setter
    def offline(self, value: bool) -> None:
        self._order("offline", value=value)
        self._offline = value

    def rotate(self, account: str) -> None:
        """Let YouTube rotate an account's cookies: the old ones sign nobody in."""
        self._order("rotate", account=account)

    def fault(self, video_id: str | None, fault: Fault) -> None:
        """Add a fault to one video, to all, to a list, or to `LIST page 3`."""
        self._order("fault", video_id=video_id or EVERY_VIDEO, fault=fault.as_json())

    def lift(self, video_id: str | None) -> None:
        """Take the faults off again that were set for one video, or for all."""
        self._order("lift", video_id=video_id or EVERY_VIDEO)

    def break_down(self, outage: Outage) -> None:
        """Let all videos fail alike, until `recover`."""
        self.blocked = outage.status
        for fault in outage.faults:
            self.fault(None, fault)

    def recover(self) -> None:
        """End the outage."""
        self.blocked = None
        self.lift(None)

    def reset(self) -> None:
        """Drop all connections, videos, faults and records."""
        self._order("reset")
        self._default = self._blocked = None
        self._offline = False

    def requests(
        self, video_id: str | None = None, kind: Kind | None = None
    ) -> list[Request]:
        """Return the requests seen since the last reset, oldest first."""
        found = self._order("requests", video_id=video_id, kind=kind)
        return [Request.from_json(data) for data in found]

    def fetches(self, video_id: str) -> int:
        """Return how many times the true media body was sent up to its last byte."""
        return sum(request.is_fetch for request in self.requests(video_id, "media"))

    def wait_for(
        self,
        video_id: str | None = None,
        kind: Kind | None = None,
        *,
        count: int = 1,
        finished: bool = False,
        timeout_s: float = 60.0,
    ) -> list[Request]:
        """Return as soon as `count` such requests have arrived (or are answered).

        Raises:
            TimeoutError: if they do not come in time.

        """
        found = self._order(
            "wait",
            video_id=video_id,
            kind=kind,
            count=count,
            finished=finished,
            timeout_s=timeout_s,
        )
        if found is None:
            raise TimeoutError(f"fewer than {count} {kind or 'any'} requests came")
        return [Request.from_json(data) for data in found]

    @property
    def foreign_hosts(self) -> dict[str, int]:
        """Hosts asked for that are not YouTube's, and how often; they got 403."""
        return dict(self._order("foreign"))

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the server has used, its ffmpeg runs not counted."""
        return float(self._order("cpu"))

    def _order(self, do: str, **values: Any) -> Any:
        address = urlsplit(self.proxy)
        # One connection for each order: nothing to share between threads or forks.
        connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=values.get("timeout_s", 0) + 60
        )
        try:
            headers = {"Connection": "close"}
            body = json.dumps({"do": do, **values})
            connection.request("POST", "/control", body, headers)
            response = connection.getresponse()
            result = json.load(response)
            if response.status != http.HTTPStatus.OK:
                raise ValueError(f"the stand-in refused {do}: {result}")
            return result
        finally:
            connection.close()


class YouTube(Remote):
    """The stand-in in a process of its own, which ends with this object or its maker."""

    def __init__(
        self, folder: Path, *, port: int = 0, cache: Path | None = None
    ) -> None:
        """Start the server and return when it accepts connections.

        Args:
            folder: where the certificate authority is made.
            port: where to listen; 0 takes any free port.
            cache: where media are kept; by default shared by this user's test runs.

        """
        command = [sys.executable, "-m", "tests.youtube", "--with-parent"]
        command += ["--folder", str(folder), "--port", str(port)]
        command += ["--cache", str(cache)] if cache else []
        self._process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A terminal's Ctrl-C must not reach the server before its test.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        greeting = self._process.stdout.readline()
        if not greeting:
            self.close()
            raise RuntimeError("the stand-in did not start; its reason is on stderr")
        told = json.loads(greeting)
        super().__init__(told["proxy"], Path(told["ca_file"]))

    @property
    def pid(self) -> int:
        """The server's process ID."""
        return self._process.pid

    def close(self) -> None:
        """Stop the server; its standard input closing is the sign."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
