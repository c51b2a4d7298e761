"""Convert, tag, verify, lay out: everything after the network."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import Reporter, result_files, tag, verify
from ytaudio_daemon.fetch.attempt_context import Diary
from ytaudio_daemon.fetch.choose import CODEC_OF
from ytaudio_daemon.fetch.convert import Plan, convert, plan
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError
from ytaudio_daemon.fetch.file_names import file_name
from ytaudio_daemon.fetch.metadata import name_fields, tags_of
from ytaudio_daemon.fetch.source import FOLDER, Source
from ytaudio_daemon.model import FetchRequest, Outcome, Phase, Progress, Result
from ytaudio_daemon.system import failpoints


def finish(
    request: FetchRequest, source: Source, report: Reporter, diary: Diary
) -> Outcome:
    """Turn a finished source into a sealed result.

    Raises:
        AttemptFailedError: It does not decode, or not in full; or ffmpeg failed.
        ConversionError, MutagenError, OSError: Likewise.
    """
    made = plan(source, request.options, request.fallback_bitrate)
    audio, written_s = convert(request, source, made, report.progress)
    tags = tags_of(source.facts, request.options["tags"], request.url)
    remark = _tag(request, source, audio, tags)
    seconds = _prove(request, source, audio, written_s, report)
    name = file_name(
        str(request.options["filename"]),
        name_fields(source.facts, tags, wished="title" in request.options["tags"]),
        made.format,
    )
    audio = result_files.lay_out(request, audio, name)
    note = "; ".join(n for n in (*source.notes, made.note, remark) if n)
    result = _result(source, made, audio, seconds, note)
    outcome = diary.success(result)
    result_files.seal(request, _job(request, source, made, result, tags), outcome)
    failpoints.failpoint("result.written", f"{request.key}/{request.attempt}")
    return outcome


def _tag(
    request: FetchRequest, source: Source, audio: Path, tags: dict[str, str]
) -> str:
    """Write the tags and return a remark, or ""."""
    folder = Path(request.attempt_dir) / FOLDER
    picture = (folder / source.cover).read_bytes() if source.cover else b""
    if not tag.can_hold_tags(audio):
        return "no tags: a wav of this size has no room for them"
    tag.write_tags(audio, tags, picture, video_id=request.video_id, url=request.url)
    return ""


def _prove(
    request: FetchRequest,
    source: Source,
    audio: Path,
    written_s: float,
    report: Reporter,
) -> float:
    """Return the seconds of sound in the file, all of them decoded."""
    announced = source.facts.duration_s or 0.0

    def seen(seconds: float) -> None:
        percent = min(100.0, 100 * seconds / announced) if announced else None
        report.progress(Progress(phase=Phase.VERIFYING, percent=percent))

    seen(0)
    decoded = verify.decode(request.ffmpeg, audio, seen)
    code = verify.defect(decoded, announced, written_s)
    if code is not None:
        raise AttemptFailedError(failure_for(code))
    return decoded.samples_s


def _result(
    source: Source, made: Plan, audio: Path, seconds: float, note: str
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
        codec=CODEC_OF[made.format],
        bitrate_bps=round(size * 8 / seconds),
        copied=made.copied,
        note=note,
    )


def _job(
    request: FetchRequest,
    source: Source,
    made: Plan,
    result: Result,
    tags: dict[str, str],
) -> dict[str, Any]:
    audio = Path(request.attempt_dir) / result_files.JOB / "audio" / result.file_name
    rate, channels = tag.read_stream(audio)
    said = {
        "tags": tags,
        "sample_rate_hz": rate,
        "channels": channels,
        "finished_at": result_files.timestamp(datetime.now(UTC)),
    }
    return result_files.job_document(request, source, made, result, said)
