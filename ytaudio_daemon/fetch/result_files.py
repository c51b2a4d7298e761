"""Lays the verified file out as it will be published, durably.

`job/audio/<Title>.<ext>` and `job/job.json` are written first, `result.json` last: if
that file exists, the folder can be published without another check.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import durable, ytdlp_version
from ytaudio_daemon.fetch.convert import ConversionPlan
from ytaudio_daemon.fetch.cover import image_mime_type
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FetchRequest, Outcome, Result
from ytaudio_daemon.model.outcome import JOB_DIR, RESULT_FILE, RESULT_SCHEMA
from ytaudio_daemon.system import files

JOB_SCHEMA = "ytaudio.job-file/1"


def adopt_result(request: FetchRequest) -> Outcome | None:
    """Return the finished result of this or an earlier attempt, moved here; else None.

    Raises:
        UnreadableError: An earlier result cannot be read; it stays.
        OSError: The disk is full or failing; an earlier result stays.
    """
    own = Path(request.attempt_dir)
    if (outcome := _read_result(own)) is not None:
        return outcome
    for earlier in map(Path, request.earlier_dirs):
        outcome = _read_result(earlier)
        if outcome is not None and not (own / JOB_DIR).exists():
            # The promise first: between the two steps the earlier one still holds.
            durable.write_json(own / RESULT_FILE, _result_document(outcome))
            (earlier / JOB_DIR).rename(own / JOB_DIR)
            files.fsync_path(own)
            return outcome
    return None


def is_finished(request: FetchRequest) -> bool:
    """Return whether this attempt's own result is complete.

    Raises:
        OSError: The disk is failing; that is unknown.
    """
    return _read_result(Path(request.attempt_dir)) is not None


def move_into_job_dir(request: FetchRequest, audio: Path, name: str) -> Path:
    """Move the audio file to its place in the job folder and return it."""
    folder = Path(request.attempt_dir) / JOB_DIR / "audio"
    folder.mkdir(parents=True, exist_ok=True)
    return audio.rename(folder / name)


def write_cover(request: FetchRequest, picture: bytes) -> None:
    """Write the cover of a song on an album beside its audio folder, for the library."""
    ending = "png" if image_mime_type(picture) == "image/png" else "jpg"
    folder = Path(request.attempt_dir) / JOB_DIR
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"cover.{ending}").write_bytes(picture)


def job_document(
    request: FetchRequest,
    source: Source,
    plan: ConversionPlan,
    result: Result,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of `job.json`. Pure.

    Args:
        request: Its `job_facts` are copied as they are.
        source: What was fetched.
        plan: How it was converted.
        result: The finished file.
        extra: `tags`, `sample_rate_hz`, `channels` and `finished_at`.
    """
    facts = source.facts
    return {
        "schema": JOB_SCHEMA,
        "url": request.url,
        "video_id": request.video_id,
        "title": facts.title,
        "channel": facts.channel,
        "view_count": facts.view_count,
        "tags": extra["tags"],
        "duration_s": result.duration_s,
        "announced_duration_s": facts.duration_s,
        "audio": {
            "file": f"audio/{result.file_name}",
            "codec": result.codec,
            "bitrate_bps": result.bitrate_bps,
            "sample_rate_hz": extra["sample_rate_hz"],
            "channels": extra["channels"],
            "size_bytes": result.size_bytes,
            "sha256": result.sha256,
            "cover": bool(source.cover),
        },
        "source": {
            "format_id": source.format_id,
            "codec": source.codec,
            "bitrate_bps": source.bitrate_bps,
            "size_bytes": source.size_bytes,
        },
        "how": {
            "copied": plan.copied,
            "encoder_kbps": plan.kbps,
            "yt_dlp": ytdlp_version(),
            "ffmpeg": request.ffmpeg_version,
            "with_cookies": source.with_cookies,
        },
        "options": dict(request.options),
        "note": result.note,
        "finished_at": extra["finished_at"],
        "job": dict(request.job_facts),
    }


def seal(request: FetchRequest, job: Mapping[str, Any], outcome: Outcome) -> None:
    """Sync all files to the disk and write `result.json` last.

    Raises:
        OSError: The disk is full or failing; nothing can be trusted then.
    """
    folder = Path(request.attempt_dir)
    for file in (folder / JOB_DIR / "audio").iterdir():
        files.fsync_path(file)
    for cover in (folder / JOB_DIR).glob("cover.*"):
        files.fsync_path(cover)
    files.fsync_path(folder / JOB_DIR / "audio")
    durable.write_json(folder / JOB_DIR / "job.json", job)
    files.fsync_path(folder)
    durable.write_json(folder / RESULT_FILE, _result_document(outcome))


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _result_document(outcome: Outcome) -> dict[str, Any]:
    return {"schema": RESULT_SCHEMA, **outcome.to_json()}


def _read_result(folder: Path) -> Outcome | None:
    document = durable.read_json(folder / RESULT_FILE)
    if document is None or document.pop("schema", None) != RESULT_SCHEMA:
        return None
    try:
        outcome = Outcome.from_json(document)
        if outcome.result is None:
            return None
    except (KeyError, TypeError, ValueError):
        return None
    audio = folder / JOB_DIR / "audio" / outcome.result.file_name
    whole = durable.size_of(audio) == outcome.result.size_bytes
    return outcome if whole and durable.size_of(folder / JOB_DIR / "job.json") else None
