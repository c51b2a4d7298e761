"""What tests of attempts need when no process is to run: a tree and its settings."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from tests.integration.ledger_rig import NOW
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.prepare import prepare as make_folders
from ytaudio_daemon.jobs.completer import AttemptCompleter
from ytaudio_daemon.jobs.prepare import prepare
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.model import FetchRequest, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.settings import Settings, load

VIDEO = "AAAAAAAAAAA"
NO_TOOLS = Tools(ffmpeg=None, js_runtime=None)


def bare_layout(root: Path) -> Layout:
    """Make a tree without a library; the ledger lies straight in the root."""
    made = Layout(
        inbox=root / "inbox",
        downloads=root / "downloads",
        library=None,
        status=root / "status",
        state=root,
    )
    make_folders(made)
    return made


def roomy_settings(root: Path) -> Settings:
    """Return the shipped settings, but for a disk that may be filled."""
    return load(None, {"YTAUDIO_DISK_RESERVE": "0"}, {"paths.root": str(root)})


def put(
    layout: Layout,
    session_uuid: str,
    job_uuid: str,
    *,
    video: str = VIDEO,
    session: str = "party",
    finished: float = NOW.wall,
    **changes: Any,
) -> Path:
    """Let a finished job stand at its place, as an attempt publishes it."""
    audio = layout.audio_file(session_uuid, job_uuid, "Song.mp3")
    audio.parent.mkdir(parents=True)
    audio.write_bytes(b"audio")
    facts = {
        "url": f"https://www.youtube.com/watch?v={video}",
        "video_id": video,
        "title": "Song",
        "view_count": 7,
        "tags": {"artist": "Nina"},
        "duration_s": 3.0,
        "audio": {
            "file": "audio/Song.mp3",
            "codec": "mp3",
            "bitrate_bps": 192_000,
            "size_bytes": 5,
            "sha256": hashlib.sha256(b"audio").hexdigest(),
        },
        "how": {"copied": False, "yt_dlp": "2026.10.31"},
        "options": Options().to_json(),
        "note": "",
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(finished)),
        "job": {"id": job_uuid, "session": session, "session_uuid": session_uuid},
    }
    (layout.job_dir(session_uuid, job_uuid) / "job.json").write_text(
        json.dumps(facts | changes)
    )
    return audio


def ends_without_worker(
    ledger: Ledger, layout: Layout, completer: AttemptCompleter, claim: Claim, now: Now
) -> bool:
    """Prepare an attempt; finish it if it needs no worker, and say whether it did."""
    prepared = prepare(claim, ledger, layout, completer.settings, NO_TOOLS)
    if isinstance(prepared, FetchRequest):
        return False
    completer.finish(claim, prepared, now)
    return True
