"""PyAV confirms nothing that ffmpeg would refuse, and copies as ffmpeg does.

Each file is damaged in a dozen ways; the damage is found by different signs: a raised
error, a logged one, a packet or a frame that is marked as corrupt, and lengths.
"""

import hashlib
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.fetch_rig import Runner
from ytaudio_daemon.fetch import libav, verify
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.fetch.verify import find_defect

pytest_plugins = ["tests.integration.fetch_fixtures"]

av = pytest.importorskip("av", reason="PyAV has no wheel for this machine")

SECONDS = 6.0
ENCODERS = {
    "mp3": ("libmp3lame",),
    "m4a": ("aac", "-movflags", "+faststart"),
    "ogg": ("libvorbis",),
    "opus": ("libopus",),
    "flac": ("flac",),
    "wav": ("pcm_s16le",),
    "webm": ("libopus",),
}
MUXERS = {"m4a": "ipod", "webm": "opus", "ogg": "ogg"}


def ffmpeg() -> str:
    tool = find_tools().ffmpeg
    assert tool is not None
    return tool.path


def ignore(_seconds: float) -> None:
    """Take a report of progress."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a sweep with some noise in every container, with metadata and a chapter."""
    folder = tmp_path_factory.mktemp("libav")
    chapters = folder / "chapters"
    chapters.write_text(";FFMETADATA1\ntitle=A\n[CHAPTER]\nSTART=0\nEND=9\ntitle=B\n")
    wave = f"aevalsrc=0.3*sin(900*t*t)+0.2*random(0):d={SECONDS}:s=48000"
    for ending, encoder in ENCODERS.items():
        command = [
            *(ffmpeg(), "-v", "error", "-f", "lavfi", "-i", wave, "-i", str(chapters)),
            *("-map_metadata", "1", "-metadata:s:a:0", "language=deu", "-ac", "2"),
            *("-c:a", *encoder, str(folder / f"whole.{ending}")),
        ]
        subprocess.run(command, check=True)
    return folder


def at_random(
    size: int, change: Callable[[bytes], bytes]
) -> Callable[[bytes, random.Random], bytes]:
    """Change some bytes behind the first tenth of a file."""

    def spoil(body: bytes, chance: random.Random) -> bytes:
        place = chance.randrange(len(body) // 10, len(body) - size)
        piece = body[place : place + size]
        return body[:place] + change(piece) + body[place + size :]

    return spoil


def noise(piece: bytes) -> bytes:
    return random.Random(len(piece)).randbytes(len(piece))


def hole(body: bytes, _: random.Random) -> bytes:
    third = len(body) // 3
    return body[:third] + bytes(third) + body[2 * third :]


def cut(part: float) -> Callable[[bytes, random.Random], bytes]:
    return lambda body, _: body[: int(len(body) * part)]


DAMAGE: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut by seven tenths": cut(0.3),
    "cut by a fiftieth": cut(0.98),
    "cut by a byte": lambda body, _: body[:-1],
    "zeros from the middle on": lambda body, _: (
        body[: len(body) // 2] + bytes(len(body) // 2)
    ),
    "a third is zeros": hole,
    "a block is zeros": at_random(4096, lambda piece: bytes(len(piece))),
    "a block is noise": at_random(4096, noise),
    "a block is missing": at_random(4096, lambda _: b""),
    "a block comes twice": at_random(4096, lambda piece: 2 * piece),
    "a bit is turned": at_random(1, lambda piece: bytes([piece[0] ^ 4])),
    "no header": lambda body, _: bytes(64) + body[64:],
    "a web page": lambda body, _: (b"<!DOCTYPE html>" + b"<p>" * len(body))[:4000],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_confirmed_is_whole_to_ffmpeg_too(
    folder: Path, tmp_path: Path, damage: str
) -> None:
    confirmed = []
    for ending in ENCODERS:
        body = (folder / f"whole.{ending}").read_bytes()
        spoilt = tmp_path / f"spoilt.{ending}"
        spoilt.write_bytes(DAMAGE[damage](body, random.Random(damage + ending)))
        ours = libav.decode(spoilt, ignore)
        if ours and find_defect(ours, SECONDS, SECONDS) is None:
            theirs = verify._decode_by_program(ffmpeg(), spoilt, ignore)
            assert theirs is not None, ending
            assert find_defect(theirs, SECONDS, SECONDS) is None, ending
            confirmed.append(ending)
    # Some damage is none to a decoder; a test in which all passes would prove nothing.
    assert len(confirmed) < len(ENCODERS) - 1, confirmed


@pytest.mark.parametrize("ending", ENCODERS)
def test_whole_files_are_confirmed_with_the_length_that_ffmpeg_counts(
    folder: Path, ending: str
) -> None:
    whole = folder / f"whole.{ending}"
    ours = libav.decode(whole, ignore)
    theirs = verify._decode_by_program(ffmpeg(), whole, ignore)
    assert ours is not None
    assert theirs is not None
    assert ours.samples_s == pytest.approx(theirs.samples_s, abs=0.002)
    assert ours.out_time_s == pytest.approx(theirs.out_time_s, abs=0.002)


def packets(path: Path) -> list[Any]:
    """Return all of a file but the muxer's own remarks."""
    with av.open(str(path)) as media:
        stream = media.streams.audio[0]
        found: list[Any] = [
            (packet.pts, packet.dts, packet.duration, hashlib.sha256(packet).digest())
            for packet in media.demux(stream)
        ]
        assert not media.chapters()
        metadata = {**media.metadata, **stream.metadata}
        metadata.pop("encoder", None)  # the library's version
        metadata.pop("major_brand", None)
        extradata = stream.codec_context.extradata or b""
        return [*found, re.sub(rb"Lavf[\d.]+", b"", extradata)[-2000:], metadata]


@pytest.mark.parametrize("late_s", [0, 3])
@pytest.mark.parametrize("ending", MUXERS)
def test_a_copy_is_the_one_that_ffmpeg_makes(
    folder: Path, tmp_path: Path, ending: str, late_s: int
) -> None:
    """Also of a stream whose first timestamp is not 0."""
    source = tmp_path / f"source.{ending}"
    command = [
        *(ffmpeg(), "-v", "error", "-i", str(folder / f"whole.{ending}"), "-c", "copy"),
        *("-output_ts_offset", str(late_s), str(source)),
    ]
    subprocess.run(command, check=True)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    end_s = libav.copy(source, ours, MUXERS[ending], {}, ignore)
    assert end_s == pytest.approx(SECONDS, abs=0.03)
    command = [
        *(ffmpeg(), "-v", "error", "-i", str(source), "-map", "0:a:0", "-c", "copy"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-f", MUXERS[ending]),
    ]
    subprocess.run([*command, str(theirs)], check=True)
    assert packets(ours) == packets(theirs)
    sound = libav.decode(source, ignore)
    assert sound is not None
    assert sound.out_time_s == pytest.approx(sound.samples_s, abs=0.02)
    # A remark is the library's version.
    assert abs(ours.stat().st_size - theirs.stat().st_size) < 9


def test_the_moov_atom_of_a_copy_comes_first(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.m4a"
    options = {"movflags": "+faststart"}
    assert libav.copy(folder / "whole.m4a", target, "ipod", options, ignore)
    body = target.read_bytes()
    assert body.index(b"moov") < body.index(b"mdat")


@pytest.mark.parametrize("form", ["hls", "concat"])
def test_a_playlist_is_not_followed(folder: Path, tmp_path: Path, form: str) -> None:
    song = folder / "whole.m4a"
    playlist = tmp_path / {"hls": "x.m3u8", "concat": "x.m4a"}[form]
    text = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{song}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {song}\n",
    }
    playlist.write_text(text[form])
    assert libav.decode(playlist, ignore) is None
    assert libav.copy(playlist, tmp_path / "y", "ipod", {}, ignore) is None


def test_no_thread_is_left(folder: Path) -> None:
    """A worker is forked from a process with one thread, and so is its ffmpeg."""
    program = (
        "import pathlib, sys; from ytaudio_daemon.fetch import libav, libav_warmup;"
        "libav_warmup.run_libav_warmup();"
        "sound = libav.decode(pathlib.Path(sys.argv[1]), print);"
        "print(sound is not None, len(list(pathlib.Path('/proc/self/task').iterdir())))"
    )
    command = [sys.executable, "-c", program, str(folder / "whole.opus")]
    said = subprocess.run(command, capture_output=True, check=True, text=True)
    assert said.stdout == "True 1\n"


def test_progress_is_reported_now_and_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libav, "_REPORT_INTERVAL_S", 0.0)
    seen: list[float] = []
    assert libav.decode(folder / "whole.mp3", seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(SECONDS, abs=0.1)


def test_without_pyav_the_program_does_it_all() -> None:
    program = (
        "import sys; sys.modules['av'] = None;"
        "from ytaudio_daemon.fetch import libav, attempt;"
        "print(libav.IS_INSTALLED)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert said.stdout == "False\n"


def test_only_a_first_attempt_uses_the_libraries(
    runner: Runner, tmp_path: Path
) -> None:
    request = runner.request(tmp_path)
    assert libav.is_usable(request)
    later = runner.request(tmp_path, earlier=(tmp_path / "1",))
    assert not libav.is_usable(later)
