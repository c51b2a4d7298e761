"""What is dropped in the demo, what must come of each line, and whether it did.

Nothing of the program's own code judges here: tags and lengths are read by mutagen,
samples are decoded by ffmpeg, hashes are taken anew.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import mutagen

from tests.youtube import Video

#: A second holds so many samples after decoding to this rate.
RATE = 8000
#: Encoders add and cut some milliseconds at both ends.
TOLERANCE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What a finished file must be.

    Attributes:
        name: In the library.
        kind: The container, as mutagen calls it.
        title, artist: In its tags.
        length_s: In seconds.
    """

    name: str
    kind: str
    title: str
    artist: str
    length_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the drop and what must come of it.

    Attributes:
        text: As it is dropped.
        result: accepted, duplicate or rejected.
        code: Why it was refused, or why its job failed; None if all is well.
        audio: What it becomes, if it does.
    """

    text: str
    result: str = "accepted"
    code: str | None = None
    audio: Audio | None = None


VIDEOS = (
    Video(id="AAAAAAAAAAA", title="Who / What: “quoted”?", duration_s=4, tone=440),
    Video(id="BBBBBBBBBBB", title="日本語のうた 🎵", duration_s=3, tone=550),
    Video(id="CCCCCCCCCCC", title="Behind a challenge", duration_s=5, challenge=True),
    Video(
        id="DDDDDDDDDDD",
        title="Feeling Good (Official)",
        duration_s=3,
        artist="Nina Simone",
        track="Feeling Good",
        album="I Put a Spell on You",
    ),
    Video(id="EEEEEEEEEEE", title="Not for you", status="private"),
)

FIRST = Audio(
    name="Who - What - “quoted”.mp3",
    kind="MP3",
    title="Who / What: “quoted”?",
    artist="Stand-in Channel",
    length_s=4,
)
SONG = Audio(
    name="Nina Simone - Feeling Good.m4a",
    kind="MP4",
    title="Feeling Good",
    artist="Nina Simone",
    length_s=3,
)

LINES = (
    Line(text="# Songs for Saturday", result="comment"),
    Line(text="https://youtu.be/AAAAAAAAAAA", audio=FIRST),
    Line(
        text='https://youtu.be/BBBBBBBBBBB format=opus tag.artist="きみ"',
        audio=Audio(
            name="日本語のうた 🎵.opus",
            kind="OggOpus",
            title="日本語のうた 🎵",
            artist="きみ",
            length_s=3,
        ),
    ),
    Line(
        text="www.youtube.com/watch?v=CCCCCCCCCCC&list=PLxyz format=flac",
        audio=Audio(
            name="Behind a challenge.flac",
            kind="FLAC",
            title="Behind a challenge",
            artist="Stand-in Channel",
            length_s=5,
        ),
    ),
    Line(
        text="Listen to this! https://music.youtube.com/watch?v=DDDDDDDDDDD"
        ' format=m4a filename="%(artist)s - %(track)s"',
        audio=SONG,
    ),
    Line(
        text="https://www.youtube.com/shorts/AAAAAAAAAAA",
        result="duplicate",
        audio=FIRST,
    ),
    Line(text="https://youtu.be/EEEEEEEEEEE", code="private_video"),
    Line(text="that song with the trumpet", result="rejected", code="not_a_url"),
    Line(text="https://example.com/x", result="rejected", code="unsupported_site"),
)
DEAD_LINK = "https://www.youtube.com/watch?v=EEEEEEEEEEE"
DROP = "".join(f"{line.text}\n" for line in LINES)


def broken_promises(root: Path, session: str) -> list[str]:
    """Return what is not as it should be, in words; empty when all is well."""
    return [*_check_lines(root, session), *_check_files(root, session)]


def _check_lines(root: Path, session: str) -> Iterator[str]:
    receipt = root / "status" / "receipts" / session / "songs.txt.json"
    found = {
        entry["line"]: entry for entry in json.loads(receipt.read_bytes())["lines"]
    }
    for number, line in enumerate(LINES, 1):
        entry = found.pop(number, None)
        if line.result == "comment":
            if entry is not None:
                yield f"line {number} is a comment, but stands in the receipt"
        elif entry is None:
            yield f"line {number} is not in the receipt"
        else:
            yield from (f"line {number}: {text}" for text in _check_line(line, entry))
    yield from (f"line {number} was never dropped" for number in found)


def _check_line(line: Line, entry: dict[str, Any]) -> Iterator[str]:
    code = entry["code"] or (entry["error"] or {}).get("code")
    if (entry["result"], code) != (line.result, line.code):
        yield f"{entry['result']}, {code} instead of {line.result}, {line.code}"
    if line.audio is None:
        if entry["output_path"] is not None:
            yield f"something came of it: {entry['output_path']}"
    elif entry["output_path"] is None:
        yield f"{entry['state']}, no audio"
    else:
        yield from _check_audio(line.audio, Path(entry["output_path"]), entry)


def _check_audio(audio: Audio, path: Path, entry: dict[str, Any]) -> Iterator[str]:
    file = mutagen.File(path, easy=True)
    tags = {key: file.tags.get(key, [None])[0] for key in ("title", "artist")}
    seen = (path.name, type(file).__name__.removeprefix("Easy"), *tags.values())
    wanted = (audio.name, audio.kind, audio.title, audio.artist)
    if seen != wanted:
        yield f"{seen} instead of {wanted}"
    if abs(decoded_s(path) - audio.length_s) > TOLERANCE_S:
        yield f"{decoded_s(path):.2f} s can be decoded instead of {audio.length_s} s"
    yield from _check_job_file(path, entry)


def _check_job_file(path: Path, entry: dict[str, Any]) -> Iterator[str]:
    facts = json.loads((path.parents[1] / "job.json").read_bytes())
    data = path.read_bytes()
    seen = {
        "job": facts["job"]["id"],
        "file": facts["audio"]["file"],
        "size": facts["audio"]["size_bytes"],
        "sha256": facts["audio"]["sha256"],
        "views": facts["view_count"],
    }
    wanted = {
        "job": entry["job"],
        "file": f"audio/{path.name}",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "views": VIDEOS[0].view_count,
    }
    if seen != wanted:
        yield f"job.json says {seen} instead of {wanted}"


def _check_files(root: Path, session: str) -> Iterator[str]:
    wanted = {line.audio.name for line in LINES if line.audio}
    library = {path.name for path in (root / "library" / session).iterdir()}
    if library != wanted:
        yield f"the library holds {sorted(library)} instead of {sorted(wanted)}"
    inbox = root / "inbox" / session
    if (inbox / "processed" / "songs.txt").read_text() != DROP:
        yield "the dropped file was changed"
    failed = (inbox / "processed" / "songs.txt.failed.txt").read_text()
    again = [line for line in failed.splitlines() if line and line[0] != "#"]
    if [line.partition(" ")[0] for line in again] != [DEAD_LINK]:
        yield f".failed.txt holds {again} instead of the dead link alone"
    unfinished = [*(root / "downloads" / ".work").iterdir()]
    if unfinished:
        yield f"unfinished work was left: {unfinished}"


def decoded_s(path: Path) -> float:
    """Return how many seconds of samples ffmpeg decodes; 0 when it finds a fault."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    words = f"-v error -xerror -nostdin -i {{}} -ac 1 -ar {RATE} -f s16le -".split()
    words[words.index("{}")] = str(path)
    done = subprocess.run([ffmpeg, *words], capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        return 0.0
    return len(done.stdout) / 2 / RATE
