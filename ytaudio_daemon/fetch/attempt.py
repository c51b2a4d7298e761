"""The straight path of one attempt, from the link to the sealed result."""

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from mutagen import MutagenError

from ytaudio_daemon.fetch import (
    Reporter,
    engine_version,
    resource_limits,
    result_files,
    ytdlp_client,
)
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.attempt_context import Diary
from ytaudio_daemon.fetch.audio_stage import finish
from ytaudio_daemon.fetch.classify import classify
from ytaudio_daemon.fetch.convert import ConversionError
from ytaudio_daemon.fetch.download_stage import gather
from ytaudio_daemon.fetch.durable import UnreadableError
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.model import Failure, FailureKind, FetchRequest, Outcome
from ytaudio_daemon.system import failpoints


def run_attempt(request: FetchRequest, report: Reporter) -> Outcome:
    """Make the attempt; see `ytaudio_daemon.fetch.run`."""
    diary = Diary(engine=engine_version())
    try:
        return _attempt(request, report, diary)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the border: all becomes data
        failure = _failure(error, request, diary)
        _clear(request, failure)
        return diary.failure(failure)


def _attempt(request: FetchRequest, report: Reporter, diary: Diary) -> Outcome:
    ytdlp_client.prepare_environment(request)
    resource_limits.bound_file_size(request.limits)
    if (done := result_files.adopt_result(request)) is not None:
        return done
    source = sources.adopt(request) or gather(request, report, diary)
    diary.facts = source.facts
    report.converter_slot()
    outcome = finish(request, source, report, diary)
    # The result is durable; its source would only fill the disk.
    shutil.rmtree(sources.folder_of(request), ignore_errors=True)
    return outcome


def _failure(error: BaseException, request: FetchRequest, diary: Diary) -> Failure:
    if isinstance(error, AttemptFailedError):
        return error.failure
    if isinstance(error, UnreadableError):
        return failure_for("work_unreadable")
    if isinstance(error, ConversionError):
        diary.ffmpeg_said = str(error)
        return failure_for("does_not_decode")
    evidence = diary.evidence(
        causes_of(error), has_js_runtime=bool(request.js_runtime), now=datetime.now(UTC)
    )
    failure = classify(evidence)
    if isinstance(error, MutagenError) and failure.kind is FailureKind.UNKNOWN:
        return failure_for("does_not_decode")
    return failure


def _clear(request: FetchRequest, failure: Failure) -> None:
    """Remove what no later attempt can use, so that it does not fill the disk.

    A finished result is of use, whatever failed behind it.
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
        if is_bad or not (sources.folder_of(request) / sources.RECORD).exists():
            sources.discard(request)
