"""Real audio, made once by ffmpeg and kept on disk for every later run."""

import asyncio
import mmap
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

from tests.youtube.streams import Stream, streams_of
from tests.youtube.video import Video

#: Longer audio repeats its first minute: encoding an hour would take a minute, and no
#: test listens that long.
LONGEST_ENCODED_S = 60.0

#: Part of every file's name; a change in how media are made must change it.
_RECIPE = "1"

_ENCODERS: dict[str, tuple[str, ...]] = {
    "aac": ("-map", "0:a", "-c:a", "aac"),
    "opus": ("-map", "0:a", "-c:a", "libopus"),
    # One frame a second of grey: the picture is there to be thrown away.
    "muxed": (
        *("-map", "0:a", "-map", "1:v", "-c:a", "aac", "-c:v", "libx264"),
        *("-preset", "ultrafast", "-pix_fmt", "yuv420p"),
    ),
}


def default_cache() -> Path:
    """Return the folder that all test runs of this user share."""
    cache = Path(tempfile.gettempdir()) / f"ytaudio-stand-in-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    if cache.stat().st_uid != os.getuid():
        raise PermissionError(f"{cache} belongs to somebody else")
    return cache


class MediaStore:
    """Bodies of media and thumbnails, mapped into memory."""

    def __init__(self, cache: Path) -> None:
        """Keep files in `cache`, which several stores may share."""
        self._cache = cache
        self._maps: dict[Path, mmap.mmap] = {}
        # One encode at a time: what is measured beside us needs the other core.
        self._encoding = asyncio.Lock()

    async def sizes(self, video: Video) -> dict[int, int]:
        """Return the bytes of each stream of a video, making what is missing."""
        streams = streams_of(video)
        # A client that hangs up must not leave half-made files to the next one.
        await asyncio.shield(self._ensure(video, streams))
        return {stream.itag: len(self.body(video, stream)) for stream in streams}

    def body(self, video: Video, stream: Stream) -> memoryview:
        """Return a stream's bytes; `sizes` has made them."""
        return self._mapped(self._path(video, stream))

    async def picture(self, name: str, suffix: str) -> memoryview:
        """Return a thumbnail in the size that its name promises."""
        size = "1280x720" if name.startswith("maxres") else "480x360"
        path = self._cache / f"{_RECIPE}-{size}.{suffix}"
        if path not in self._maps:
            await asyncio.shield(self._ensure_picture(size, path))
        return self._mapped(path)

    async def _ensure_picture(self, size: str, path: Path) -> None:
        async with self._encoding:
            if not self._is_made(path):
                source = ("-f", "lavfi", "-i", f"testsrc=size={size}")
                await _ffmpeg(*source, "-frames:v", "1", path=path)

    def _is_made(self, path: Path) -> bool:
        return path in self._maps or path.exists()

    def _mapped(self, path: Path) -> memoryview:
        if path not in self._maps:
            with path.open("rb") as file:
                self._maps[path] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(self._maps[path])

    def _path(self, video: Video, stream: Stream) -> Path:
        milliseconds = int(video.duration_s * 1000)
        name = f"{_RECIPE}-{stream.itag}-{video.tone}hz-{milliseconds}ms"
        return self._cache / f"{name}.{stream.suffix}"

    async def _ensure(self, video: Video, streams: Sequence[Stream]) -> None:
        paths = {stream: self._path(video, stream) for stream in streams}
        if all(path in self._maps for path in paths.values()):
            return
        async with self._encoding:
            for stream, path in paths.items():
                if not self._is_made(path):
                    await self._make(video, stream, path)

    async def _make(self, video: Video, stream: Stream, path: Path) -> None:
        if video.duration_s <= LONGEST_ENCODED_S:
            await _encode(stream, video.tone, video.duration_s, path)
            return
        minute = path.with_name(f"{_RECIPE}-{stream.itag}-{video.tone}hz-minute.mkv")
        if not self._is_made(minute):
            await _encode(stream, video.tone, LONGEST_ENCODED_S, minute)
        length = ("-t", f"{video.duration_s:.3f}")
        await _ffmpeg(
            *("-stream_loop", "-1", "-i", str(minute), "-map", "0", "-c", "copy"),
            *length,
            *_container(stream),
            path=path,
        )


async def _encode(stream: Stream, tone: int, seconds: float, path: Path) -> None:
    sine = f"sine=frequency={tone}:sample_rate={stream.sample_rate}"
    grey = "color=gray:size=640x360:rate=1"
    bitrate = min(stream.bitrate, 96_000) if stream.sound == "muxed" else stream.bitrate
    await _ffmpeg(
        *("-f", "lavfi", "-i", sine, "-f", "lavfi", "-i", grey),
        *_ENCODERS[stream.sound],
        *("-ac", "2", "-b:a", str(bitrate), "-t", f"{seconds:.3f}"),
        *(() if path.suffix == ".mkv" else _container(stream)),
        path=path,
    )


def _container(stream: Stream) -> tuple[str, ...]:
    # YouTube's audio-only MP4 is fragmented, with an index at its head; its muxed one is
    # a plain file that can be played while it arrives.
    if stream.sound == "aac":
        flags = "+dash+delay_moov+global_sidx+skip_trailer"
        return ("-movflags", flags, "-frag_duration", "10000000")
    return ("-movflags", "+faststart") if stream.sound == "muxed" else ()


async def _ffmpeg(*arguments: str, path: Path) -> None:
    """Run ffmpeg; the result appears under its name complete or not at all."""
    unfinished = path.with_name(f"{os.getpid()}-{path.name}")
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-nostdin", "-v", "error", "-bitexact", "-y"),
        *arguments,
        str(unfinished),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"ffmpeg: {complaint.decode(errors='replace')}")
        unfinished.replace(path)
    finally:
        if process.returncode is None:
            process.kill()
        unfinished.unlink(missing_ok=True)
