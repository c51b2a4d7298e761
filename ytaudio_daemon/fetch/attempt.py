"""Runs one attempt, from the link to the sealed result."""

import contextlib
import resource
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from mutagen import MutagenError

from ytaudio_daemon.fetch import (
    Reporter,
    po_tokens,
    result_files,
    ytdlp_client,
    ytdlp_version,
)
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.account_access import with_account, with_cookies_hint
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.audio_stage import build_result
from ytaudio_daemon.fetch.classify import Cause, blame_proxy, classify
from ytaudio_daemon.fetch.confinement import confine
from ytaudio_daemon.fetch.convert import ConversionError
from ytaudio_daemon.fetch.download_stage import fetch_source
from ytaudio_daemon.fetch.durable import UnreadableError
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.probe import probe
from ytaudio_daemon.model import Failure, FailureKind, FetchRequest, Limits, Outcome
from ytaudio_daemon.system import failpoints

#: Bytes of tags, pictures and containers on top of the sound.
_SLACK_BYTES = 64 << 20
#: How Python and yt-dlp write ENOENT, followed by the path.
_NO_SUCH_FILE = "[Errno 2]"


def run_attempt(request: FetchRequest, report: Reporter) -> Outcome:
    """Run the attempt; see `ytaudio_daemon.fetch.run`."""
    context = AttemptContext(ytdlp_version=ytdlp_version())
    try:
        return _run_stages(request, report, context)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the border: all becomes data
        failure = _failure_from_exception(error, request, context)
        _remove_useless_files(request, failure)
        fitting = with_cookies_hint(failure, request, context)
        return context.failed_outcome(fitting)


def _run_stages(
    request: FetchRequest, report: Reporter, context: AttemptContext
) -> Outcome:
    ytdlp_client.prepare_environment(request)
    _limit_file_size(request.limits)
    confine(request)
    if request.is_probe:
        return probe(request, report, context)
    if (done := result_files.adopt_result(request)) is not None:
        return done
    source = sources.adopt(request) or with_account(
        request.network,
        context,
        lambda error: _failure_from_exception(error, request, context),
        lambda cookies: fetch_source(request, report, context, cookies),
    )
    context.facts, context.with_cookies = source.facts, source.with_cookies
    report.wait_for_converter_slot()
    outcome = build_result(request, source, report, context)
    # The result is durable; its source would only fill the disk.
    shutil.rmtree(sources.folder_of(request), ignore_errors=True)
    return outcome


def _limit_file_size(limits: Limits) -> None:
    """Limit the size of files this process and its ffmpeg write (RLIMIT_FSIZE).

    Never RLIMIT_AS: deno reserves terabytes of address space and would not start.
    """
    if limits.max_size_bytes:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        soft = limits.max_size_bytes + _SLACK_BYTES
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _failure_from_exception(
    error: BaseException, request: FetchRequest, context: AttemptContext
) -> Failure:
    if isinstance(error, AttemptFailedError):
        return error.failure
    if isinstance(error, UnreadableError):
        return failure_for("work_unreadable")
    if isinstance(error, ConversionError):
        context.ffmpeg_errors = str(error)
        return failure_for("does_not_decode")
    evidence = context.evidence(
        causes_of(error), has_js_runtime=bool(request.js_runtime), now=datetime.now(UTC)
    )
    failure = blame_proxy(classify(evidence), request.network)
    if _was_work_removed(request, failure, evidence.causes):
        return failure_for("work_removed")
    failure = po_tokens.blame_missing_token(failure, context.tokens, evidence.warnings)
    if isinstance(error, MutagenError) and failure.kind is FailureKind.UNKNOWN:
        return failure_for("does_not_decode")
    return failure


def _was_work_removed(
    request: FetchRequest, failure: Failure, causes: Iterable[Cause]
) -> bool:
    """Return whether somebody removed the attempt's files while it ran.

    Args:
        request: Names the attempt's folder.
        failure: As classified; one of a known kind has another reason.
        causes: The exceptions it was found by.
    """
    if failure.kind is not FailureKind.UNKNOWN:
        return False
    folder = request.attempt_dir
    is_named = any(_NO_SUCH_FILE in c.text and folder in c.text for c in causes)
    return is_named or not Path(folder).is_dir()


def _remove_useless_files(request: FetchRequest, failure: Failure) -> None:
    """Remove files that no later attempt can use, so that they do not fill the disk.

    A finished result is kept: a later attempt adopts it.
    """
    folder = Path(request.attempt_dir)
    is_bad = failure.kind is FailureKind.BAD_MEDIA
    if is_bad:
        failpoints.failpoint("source.spoiled", f"{request.key}/{request.attempt}")
    with contextlib.suppress(OSError):
        if result_files.is_finished(request):
            return
        for leftover in (*folder.glob("converted.*"), *folder.glob("job/audio/*")):
            leftover.unlink()
        if is_bad or not (sources.folder_of(request) / sources.SOURCE_FILE).exists():
            sources.discard(request)
