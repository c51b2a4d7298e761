"""Lay the proven file out as it will be published, and say so durably.

`job/audio/<Title>.<ext>` and `job/job.json` first, `result.json` last: whoever
finds that file may publish the folder without looking at anything else.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch import durable, engine_version
from ytaudio_daemon.fetch.convert import Plan
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FetchRequest, Outcome, Result

JOB_SCHEMA = "ytaudio.job-file/1"
RESULT_SCHEMA = "ytaudio.result/1"
JOB = "job"
RESULT = "result.json"


def adopt_result(request: FetchRequest) -> Outcome | None:
    """Return a result that is already there, of this or an earlier attempt.

    Raises:
        UnreadableError: What is there cannot be read; it stays.
        OSError: The disk is full or failing; what is there stays.
    """
    own = Path(request.attempt_dir)
    if (outcome := _read(own)) is not None:
        return outcome
    for earlier in map(Path, request.earlier_dirs):
        outcome = _read(earlier)
        if outcome is not None and not (own / JOB).exists():
            # The promise first: between the two steps the earlier one still holds.
            durable.write_json(own / RESULT, _document(outcome))
            (earlier / JOB).rename(own / JOB)
            durable.sync(own)
            return outcome
    return None


def is_finished(request: FetchRequest) -> bool:
    """Return whether this attempt's own result is there, whole.

    Raises:
        OSError: The disk is failing, and nobody knows.
    """
    return _read(Path(request.attempt_dir)) is not None


def lay_out(request: FetchRequest, audio: Path, name: str) -> Path:
    """Move the audio file to its place in the job folder and return it."""
    folder = Path(request.attempt_dir) / JOB / "audio"
    folder.mkdir(parents=True, exist_ok=True)
    return audio.rename(folder / name)


def job_document(
    request: FetchRequest,
    source: Source,
    made: Plan,
    result: Result,
    said: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what `job.json` says about the file beside it. Pure.

    Args:
        request: Its `job_facts` go in as they are.
        source: What was fetched.
        made: How it was converted.
        result: The finished file.
        said: `tags`, `sample_rate_hz`, `channels` and `finished_at`.
    """
    facts = source.facts
    return {
        "schema": JOB_SCHEMA,
        "url": request.url,
        "video_id": request.video_id,
        "title": facts.title,
        "channel": facts.channel,
        "view_count": facts.view_count,
        "tags": said["tags"],
        "duration_s": result.duration_s,
        "announced_duration_s": facts.duration_s,
        "audio": {
            "file": f"audio/{result.file_name}",
            "codec": result.codec,
            "bitrate_bps": result.bitrate_bps,
            "sample_rate_hz": said["sample_rate_hz"],
            "channels": said["channels"],
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
            "copied": made.copied,
            "encoder_kbps": made.kbps,
            "yt_dlp": engine_version(),
            "ffmpeg": request.ffmpeg_version,
        },
        "options": dict(request.options),
        "note": result.note,
        "finished_at": said["finished_at"],
        "job": dict(request.job_facts),
    }


def seal(request: FetchRequest, job: Mapping[str, Any], outcome: Outcome) -> None:
    """Make everything durable, `result.json` last.

    Raises:
        OSError: The disk is full or failing; nothing can be trusted then.
    """
    folder = Path(request.attempt_dir)
    for file in (folder / JOB / "audio").iterdir():
        durable.sync(file)
    durable.sync(folder / JOB / "audio")
    durable.write_json(folder / JOB / "job.json", job)
    durable.sync(folder)
    durable.write_json(folder / RESULT, _document(outcome))


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def timestamp(now: datetime) -> str:
    """Return RFC 3339 in UTC, to the second."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(outcome: Outcome) -> dict[str, Any]:
    return {"schema": RESULT_SCHEMA, **outcome.to_json()}


def _read(folder: Path) -> Outcome | None:
    document = durable.read_json(folder / RESULT)
    if document is None or document.pop("schema", None) != RESULT_SCHEMA:
        return None
    try:
        outcome = Outcome.from_json(document)
        if outcome.result is None:
            return None
    except (KeyError, TypeError, ValueError):
        return None
    audio = folder / JOB / "audio" / outcome.result.file_name
    whole = durable.size_of(audio) == outcome.result.size_bytes
    return outcome if whole and durable.size_of(folder / JOB / "job.json") else None
