"""Converts, tags, verifies and lays out the audio: the stages without network."""

import time
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import Reporter, result_files, tag, verify
from ytaudio_daemon.fetch.attempt_context import AttemptContext
from ytaudio_daemon.fetch.choose import CODEC_OF
from ytaudio_daemon.fetch.convert import ConversionPlan, convert, plan_conversion
from ytaudio_daemon.fetch.filename_fields import filename_fields
from ytaudio_daemon.fetch.metadata import tags_of
from ytaudio_daemon.fetch.source import SOURCE_DIR, Source
from ytaudio_daemon.model import FetchRequest, Outcome, Phase, Progress, Result
from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, file_name
from ytaudio_daemon.model.outcome import JOB_DIR
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.name_limit import name_limit
from ytaudio_daemon.system.times import rfc3339


def build_result(
    request: FetchRequest, source: Source, report: Reporter, context: AttemptContext
) -> Outcome:
    """Convert a finished source into a sealed result.

    Raises:
        AttemptFailedError: It does not decode, or not in full; or ffmpeg failed.
        ConversionError, MutagenError, OSError: Likewise.
    """
    plan = plan_conversion(source, request.options, request.fallback_bitrate)
    audio, written_s = convert(request, source, plan, report.progress)
    own_tags = request.options["tags"]
    tags = tags_of(source.facts, own_tags, request.url, request.album_tags)
    remark = _write_tags(request, source, audio, tags)
    seconds = _verify_audio(request, source, audio, written_s, report)
    name = _file_name(request, source, tags, plan.format)
    audio = result_files.move_into_job_dir(request, audio, name)
    note = "; ".join(n for n in (*source.notes, plan.note, remark) if n)
    result = _result(source, plan, audio, seconds, note)
    outcome = context.completed_outcome(result)
    result_files.seal(
        request, _job_document(request, source, plan, result, tags), outcome
    )
    failpoints.failpoint("result.written", f"{request.key}/{request.attempt}")
    return outcome


def _file_name(
    request: FetchRequest, source: Source, tags: dict[str, str], ending: str
) -> str:
    template = str(request.options["filename"])
    fields = filename_fields(source.facts, tags, template, request.options["tags"])
    limit = name_limit(MAX_NAME_BYTES, Path(request.attempt_dir))
    return file_name(template, fields, ending, limit)


def _write_tags(
    request: FetchRequest, source: Source, audio: Path, tags: dict[str, str]
) -> str:
    """Write the tags, and an album's cover; return a remark, or ""."""
    folder = Path(request.attempt_dir) / SOURCE_DIR
    picture = (folder / source.cover).read_bytes() if source.cover else b""
    if picture and request.album_tags:
        result_files.write_cover(request, picture)
    if not tag.can_hold_tags(audio):
        return "no tags: a wav of this size has no room for them"
    tag.write_tags(audio, tags, picture, video_id=request.video_id, url=request.url)
    return ""


def _verify_audio(
    request: FetchRequest,
    source: Source,
    audio: Path,
    written_s: float,
    report: Reporter,
) -> float:
    """Decode the whole file and return its seconds of sound."""
    announced = source.facts.duration_s or 0.0

    def report_progress(seconds: float) -> None:
        percent = min(100.0, 100 * seconds / announced) if announced else None
        report.progress(Progress(phase=Phase.VERIFYING, percent=percent))

    report_progress(0)
    return verify.prove(
        request,
        audio,
        announced_s=announced,
        written_s=written_s,
        on_progress=report_progress,
    )


def _result(
    source: Source, plan: ConversionPlan, audio: Path, seconds: float, note: str
) -> Result:
    size = audio.stat().st_size
    return Result(
        file_name=audio.name,
        size_bytes=size,
        sha256=result_files.sha256_of(audio),
        title=source.facts.title,
        artist=source.facts.artist,
        duration_s=round(seconds, 3),
        view_count=source.facts.view_count,
        codec=CODEC_OF[plan.format],
        bitrate_bps=round(size * 8 / seconds),
        copied=plan.copied,
        note=note,
    )


def _job_document(
    request: FetchRequest,
    source: Source,
    plan: ConversionPlan,
    result: Result,
    tags: dict[str, str],
) -> dict[str, Any]:
    audio = Path(request.attempt_dir) / JOB_DIR / "audio" / result.file_name
    rate, channels = tag.read_stream(audio)
    extra = {
        "tags": tags,
        "sample_rate_hz": rate,
        "channels": channels,
        "finished_at": rfc3339(time.time(), "seconds"),
    }
    return result_files.job_document(request, source, plan, result, extra)
