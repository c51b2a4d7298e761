"""Verifies that a yt-dlp works: first without network, then on links known to work."""

import json
import os
import select
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ytaudio_daemon.errors import TemplateError, YtDlpVersionError
from ytaudio_daemon.fetch.tools import Tools, find_tools
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.prepare import private_paths
from ytaudio_daemon.model import FailureKind, FetchRequest, Limits, Options
from ytaudio_daemon.model.ytdlp_policy import canary_verdict, release_numbers
from ytaudio_daemon.pool import Ended, Pool
from ytaudio_daemon.pool.template_process import (
    TemplateConfig,
    python_command,
    template_environment,
)
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link

#: Seconds that the self-test may take; it takes two on a desktop.
SELF_TEST_TIMEOUT_S = 180.0
SELF_TEST_MODULE = "ytaudio_daemon.fetch.selftest"
#: Seconds that one link may take; then it has failed.
LINK_TIMEOUT_S = 300.0
#: Seconds for all links together, with the start of the template.
CANARY_TIMEOUT_S = 600.0
#: Links that are fetched at once.
CONCURRENT_LINKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """The result of verifying a yt-dlp.

    Attributes:
        works: Whether it may be used.
        message: How that was found, a sentence without its subject.
    """

    works: bool
    message: str


class Verifier:
    """Verifies versions of yt-dlp, in processes that work below one folder.

    Args:
        settings: Sections download and disk: the way to YouTube.
        folder: Exists and is private; the caller removes it.
        links: Links that are known to work, the quickest first.
    """

    def __init__(self, settings: Settings, folder: Path, links: Sequence[Link]) -> None:
        self._folder = folder
        self._links = links
        self._settings = settings

    def verify(
        self, ytdlp_path: Path | None, version: str, in_use: Path | None
    ) -> VerificationResult:
        """Verify a yt-dlp.

        Args:
            ytdlp_path: Its folder; None: the installed one.
            version: The version that it must report.
            in_use: The folder of the one in use, which tries the links that fail.
        """
        can_import, fault = self._check_self_test(ytdlp_path, version)
        if not can_import:
            return VerificationResult(works=False, message=fault)
        works, message = self._try_links(ytdlp_path, in_use)
        if works is not None:
            # Links count for more: a later yt-dlp may not accept the made-up video.
            return VerificationResult(works=works, message=message)
        if fault:
            return VerificationResult(works=False, message=fault)
        return VerificationResult(works=True, message=f"the self-test only: {message}")

    def _check_self_test(
        self, ytdlp_path: Path | None, version: str
    ) -> tuple[bool, str]:
        """Return whether it can be imported, and its other fault or ""."""
        try:
            found = _run_self_test(ytdlp_path, self._folder)
        except YtDlpVersionError as error:
            return False, error.message
        if release_numbers(found["version"]) != release_numbers(version):
            return False, found["fault"] or f"it says that it is {found['version']}"
        if ytdlp_path is not None and not Path(found["path"]).is_relative_to(
            ytdlp_path
        ):
            return False, f"{ytdlp_path} was not what was imported"
        return True, found["fault"]

    def _try_links(
        self, ytdlp_path: Path | None, in_use: Path | None
    ) -> tuple[bool | None, str]:
        """Return whether it fetches the links, None if unknown, and a sentence."""
        if not self._links:
            return None, "there is no link that is known to work"
        canary = CanaryRun(self._settings, self._folder)
        try:
            new = canary.run(ytdlp_path, self._links)
            failed = [link for link in self._links if new[link.url] is not None]
            old = canary.run(in_use, failed) if failed else {}
        except TemplateError as error:
            return None, error.message
        return canary_verdict(new, old)


def _run_self_test(ytdlp_path: Path | None, folder: Path) -> dict[str, str]:
    """Run the self-test in a process like the workers'.

    Raises:
        YtDlpVersionError: It printed no findings.
    """
    home = folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    template_config = TemplateConfig(
        state_id=str(uuid.uuid4()),
        home=home,
        ytdlp_path=ytdlp_path,
        entry=SELF_TEST_MODULE,
    )
    try:
        done = subprocess.run(
            python_command(ytdlp_path, SELF_TEST_MODULE),
            env=template_environment(template_config, uuid.uuid4().hex, os.environ), cwd=home,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            errors="replace", timeout=SELF_TEST_TIMEOUT_S,
        )  # fmt: skip
        found: dict[str, str] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise YtDlpVersionError(
            f"it was not imported in {SELF_TEST_TIMEOUT_S:.0f} s"
        ) from error
    except (ValueError, RecursionError) as error:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise YtDlpVersionError(f"it cannot be imported: {last[:300]}") from error
    return found


class CanaryRun:
    """Fetches links with a yt-dlp that is not in use; all its files are removed.

    The attempts run in a pool and in folders of their own.

    Args:
        settings: Sections download and disk: the way to YouTube.
        folder: Exists and is private; the caller removes it.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._tools: Tools = find_tools()

    def run(
        self, ytdlp_path: Path | None, links: Sequence[Link]
    ) -> Mapping[str, FailureKind | None]:
        """Return each link's failure; None for audio that was fetched and verified.

        Args:
            ytdlp_path: The folder of the yt-dlp; None: the installed one.
            links: The links to fetch.

        Raises:
            TemplateError: No process can be started.
        """
        requests = {r.key: r for r in (self._request(link) for link in links)}
        pool = Pool(
            downloads=CONCURRENT_LINKS,
            converters=1,
            state_id=str(uuid.uuid4()),
            home=self._folder / "home",
            ytdlp_path=ytdlp_path,
        )
        try:
            pool.ensure_template()
            ended = _run_all(pool, list(requests.values()))
        finally:
            pool.close()
        return {
            requests[key].url: kind
            if not pool.ytdlp_fallback_reason
            else FailureKind.CRASHED
            for key, kind in ended.items()
        }

    def _request(self, link: Link) -> FetchRequest:
        """Return a request for the smallest audio, unconverted."""
        key = str(uuid.uuid4())
        folder = self._folder / key
        folder.mkdir(mode=0o700)
        request = fetch_request(
            self._settings,
            self._tools,
            key=key,
            attempt=1,
            link=link,
            options=Options(format="m4a", quality="worstaudio").to_json(),
            attempt_dir=folder,
            cache_dir=self._folder / "cache",
            private_paths=private_paths(layout_of(self._settings), self._settings),
        )
        return replace(request, limits=_with_link_deadline(request.limits))


def _with_link_deadline(allowed: Limits) -> Limits:
    return replace(
        allowed, deadline_s=min(allowed.deadline_s or LINK_TIMEOUT_S, LINK_TIMEOUT_S)
    )


def _run_all(
    pool: Pool, requests: Sequence[FetchRequest]
) -> dict[str, FailureKind | None]:
    """Run all attempts to their end; those that do not end in time have timed out."""
    unstarted = list(requests)
    ended: dict[str, FailureKind | None] = {}
    end = time.monotonic() + CANARY_TIMEOUT_S
    while len(ended) < len(requests) and (now := time.monotonic()) < end:
        while unstarted and pool.free_slots():
            pool.start(unstarted.pop())
        for event in pool.poll(now):
            if isinstance(event, Ended):
                failure = event.outcome.failure
                ended[event.key] = None if failure is None else failure.kind
        due = pool.next_due(now)
        pause_s = min(end, end if due is None else due) - time.monotonic()
        if len(ended) < len(requests):
            select.select([pool], [], [], max(0.0, pause_s))
    unfinished = {request.key for request in requests} - ended.keys()
    return ended | dict.fromkeys(unfinished, FailureKind.TIMEOUT)
