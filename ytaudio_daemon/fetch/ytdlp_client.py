"""yt-dlp, configured for one YouTube video.

`YoutubeDL(auto_init=False)` with the YouTube extractor alone costs 1.5 ms instead of
38 (no list of 1,880 sites), and no other site can be reached through it.
"""

import contextlib
import functools
import importlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.extractor.youtube import YoutubeIE

from ytaudio_daemon.fetch import CA_FILE_ENV, hosts, po_tokens, shared_tls
from ytaudio_daemon.fetch.classify import Cause
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.extraction_caches import (
    cache_client_settings,
    cache_cookie_headers,
    read_iso_dates,
)
from ytaudio_daemon.fetch.response_limit import (
    install_redirect_limits,
    limit_error_body,
    limit_response_size,
)
from ytaudio_daemon.fetch.tools import find_js_runtime, is_jit_forbidden
from ytaudio_daemon.model import AttemptRequest, FetchRequest, ListRequest

#: Seconds without a byte before a connection is given up; a stall ends it earlier.
SOCKET_TIMEOUT_S = 20.0
#: Within one attempt; between attempts the ledger waits longer.
RETRIES = 5
#: Fragments at once: 37 of them with 50 ms each took 1.1 s instead of 2.7.
CONCURRENT_FRAGMENTS = 4
#: Read at once; with yt-dlp's 1 KiB and no resizing 58 MB cost 8.5 CPU s.
BLOCK_BYTES = 32 * 1024
_MAX_STORED = 200

#: Modules that yt-dlp imports during an attempt, and mutagen's: imported before workers
#: are forked. One that a later yt-dlp has renamed is imported by each worker.
_PRELOADED_MODULES = (
    "mutagen.flac",
    "mutagen.id3",
    "mutagen.mp3",
    "mutagen.mp4",
    "mutagen.oggopus",
    "mutagen.oggvorbis",
    "mutagen.wave",
    "yt_dlp.downloader.dash",
    "yt_dlp.downloader.hls",
    "yt_dlp.downloader.http",
    "yt_dlp.extractor.youtube.jsc._builtin.deno",
    "yt_dlp.extractor.youtube.jsc._builtin.ejs",
    "yt_dlp.extractor.youtube.jsc._builtin.node",
    "yt_dlp.extractor.youtube.jsc._director",
    "yt_dlp.extractor.youtube.pot._director",
    "yt_dlp.networking._requests",
    "yt_dlp.networking._urllib",
    "yt_dlp.postprocessor",
    "yt_dlp_ejs",
    "yt_dlp_ejs.yt.solver",
)


class LogCapture:
    """yt-dlp's `logger`: stores its lines, and its warnings as evidence."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_MAX_STORED)
        self.warnings: deque[str] = deque(maxlen=_MAX_STORED)

    def debug(self, message: str) -> None:
        """Store a line for the log tail."""
        self.lines.append(message)

    def warning(self, message: str) -> None:
        """Store a warning."""
        self.warnings.append(message)
        self.lines.append(f"WARNING: {message}")

    def error(self, message: str) -> None:
        """Store an error's text; yt-dlp raises the exception afterwards."""
        self.lines.append(message)


class YtDlpClient(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp ships no types
    """A `YoutubeDL` with one extractor only, which records failed requests.

    Args:
        params: As for `YoutubeDL`.
        extractor: Its class; that of videos, unless a list is wanted.
    """

    def __init__(self, params: dict[str, Any], extractor: Any = YoutubeIE) -> None:
        self.failed_requests: list[Cause] = []
        super().__init__(params, auto_init=False)
        self.add_info_extractor(extractor())

    @functools.cached_property
    def cookiejar(self) -> Any:
        """This client's cookies; their headers are cached."""
        jar = super().cookiejar
        cache_cookie_headers(jar)
        return jar

    def urlopen(self, req: Any) -> Any:
        """Open `req`: only YouTube's hosts, response size capped; record errors for `classify`.

        Raises:
            ForeignHostError: The address is not YouTube's.
        """
        url = req if isinstance(req, str) else req.url
        try:
            hosts.check_host(url)
            return limit_response_size(super().urlopen(req))
        except Exception as error:
            limit_error_body(error)
            self.failed_requests.extend(causes_of(error, url))
            del self.failed_requests[:-_MAX_STORED]
            raise

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        """Return the director without the handlers whose redirects the guard cannot check."""
        return super().build_request_director(
            hosts.guarded_handlers(handlers), preferences
        )

    def run_all_pps(self, _key: str, info: Any, **_: Any) -> Any:
        """Do nothing: there are no post-processors and nothing to print.

        yt-dlp renders its tables of formats all the same, twice: 6 ms of CPU.
        """
        return info


FormatSelector = Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]


def ytdlp_params(
    request: FetchRequest,
    log_capture: LogCapture,
    choose: FormatSelector,
    cookies: io.StringIO | None = None,
) -> dict[str, Any]:
    """Return yt-dlp's parameters; each is documented in `yt_dlp.YoutubeDL`."""
    limits = request.limits
    return _connection_params(request, log_capture, cookies) | {
        "noplaylist": True,
        "allowed_extractors": ["youtube"],
        "js_runtimes": _js_runtimes(request.js_runtime),
        "format": choose,
        # Then yt-dlp returns the title, and the reason as a warning.
        "ignore_no_formats_error": True,
        "outtmpl": "media.%(ext)s",
        "overwrites": True,
        "continuedl": False,
        "updatetime": False,
        "fixup": "never",
        "hls_prefer_native": True,
        "concurrent_fragment_downloads": CONCURRENT_FRAGMENTS,
        # Blocks that grow with the speed would hide a stall behind a long read.
        "noresizebuffer": True,
        "buffersize": BLOCK_BYTES,
        "retries": RETRIES,
        "fragment_retries": RETRIES,
        "skip_unavailable_fragments": False,
        "ratelimit": limits.rate_limit_bps or None,
        "ffmpeg_location": request.ffmpeg or None,
        "extractor_args": _extractor_args(request.network.player_clients),
    }


def listing_params(
    request: ListRequest, log_capture: LogCapture, cookies: io.StringIO | None = None
) -> dict[str, Any]:
    """Return yt-dlp's parameters for the listing of a collection."""
    return _connection_params(request, log_capture, cookies) | {
        "allowed_extractors": ["youtube:tab"],
        "js_runtimes": {},
        "extractor_args": {
            # Of "3 years ago"; lists tell no dates.
            "youtubetab": {"approximate_date": ["true"]},
            # Else a list would silently end at a page that comes without its entries.
            "youtube": {"raise_incomplete_data": ["true"]},
        },
    }


def _connection_params(
    request: AttemptRequest, log_capture: LogCapture, cookies: io.StringIO | None
) -> dict[str, Any]:
    network, stall = request.network, request.limits.stall_timeout_s
    params: dict[str, Any] = {
        "logger": log_capture,
        "noprogress": True,
        "color": {"stdout": "never", "stderr": "never"},
        "cachedir": request.cache_dir or False,
        "retry_sleep_functions": dict.fromkeys(
            ("http", "fragment", "extractor"), retry_pause_s
        ),
        "socket_timeout": min(SOCKET_TIMEOUT_S, stall or SOCKET_TIMEOUT_S),
        "compat_opts": shared_tls.compat_options(network.ca_file),
    }
    if network.proxy:  # without it yt-dlp takes the environment's
        params["proxy"] = network.proxy
    if cookies is not None:
        params["cookiefile"] = cookies
    return params


def retry_pause_s(n: int) -> float:
    """Return the seconds to wait before the n-th retry inside yt-dlp (its default is none)."""
    return float(min(2.0, 0.2 * 2**n))


def prepare_environment(request: AttemptRequest) -> None:
    """Set the environment variables that yt-dlp and its JavaScript runtime read."""
    os.environ["YTDLP_NO_PLUGINS"] = "1"  # plugins are foreign code in ~/.config
    os.environ["DENO_NO_UPDATE_CHECK"] = "1"
    if request.cache_dir:
        os.environ["DENO_DIR"] = str(Path(request.cache_dir) / "deno")
    if request.network.ca_file:
        os.environ[shared_tls.BUNDLE_ENV] = request.network.ca_file
        os.environ["DENO_CERT"] = request.network.ca_file
    os.environ.pop("SSLKEYLOGFILE", None)  # would write down the TLS keys
    hosts.install_guard()
    install_redirect_limits()


def warm_up() -> None:
    """Import and set up everything that does not depend on a request."""
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    for name in _PRELOADED_MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    hosts.install_guard()
    install_redirect_limits()
    po_tokens.register_plugin()
    shared_tls.share_tls_contexts()
    cache_client_settings()
    read_iso_dates()
    cache_runtime_version()
    # A yt-dlp that has renamed these must still be able to work, only less warm.
    with contextlib.suppress(AttributeError, TypeError):
        _warm_tls_context()


def _warm_tls_context() -> None:
    """Create the shared TLS context now, without a connection."""
    ca_file = os.environ.get(CA_FILE_ENV, "")
    params = {
        "logger": LogCapture(),
        "cachedir": False,
        "js_runtimes": {},
        "compat_opts": shared_tls.compat_options(ca_file),
    }
    with shared_tls.trusting_ca_file(ca_file), YtDlpClient(params) as ydl:
        for handler in ydl._request_director.handlers.values():  # noqa: SLF001 - no public way
            handler._make_sslcontext()  # noqa: SLF001 - the same


def cache_runtime_version() -> None:
    """Cache the JavaScript runtime's version here, so that no worker runs it for that.

    If a later yt-dlp lacks module or function, each worker runs the program (6 ms of CPU).
    """
    try:
        runtimes = importlib.import_module("yt_dlp.utils._jsruntime")
    except ImportError:
        return
    ask = getattr(runtimes, "_get_exe_version_output", None)
    if ask is None or hasattr(ask, "cache_info"):
        return
    by_command = functools.cache(lambda exe, *args: ask(exe, list(args)))

    @functools.wraps(ask)
    def remembered(exe: str, args: list[str], *rest: Any, **named: Any) -> Any:
        if rest or named:
            return ask(exe, args, *rest, **named)
        return by_command(exe, *args)

    remembered.cache_info = by_command.cache_info  # type: ignore[attr-defined]  # our mark
    vars(runtimes)["_get_exe_version_output"] = remembered
    runtime = find_js_runtime()
    if runtime is not None:
        remembered(runtime.path, ["--version"])


def _extractor_args(player_clients: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return the arguments of yt-dlp's YouTube extractor, as its README lists them."""
    arguments: dict[str, dict[str, list[str]]] = {}
    if clients := list(player_clients):
        arguments["youtube"] = {"player_client": clients}
    if is_jit_forbidden():
        arguments["youtube-ejs"] = {"jitless": ["true"]}
    return arguments


def _js_runtimes(runtime: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return `{name: {"path": …}}`; empty means none (not yt-dlp's default)."""
    return {runtime[0]: {"path": runtime[1]}} if runtime else {}
