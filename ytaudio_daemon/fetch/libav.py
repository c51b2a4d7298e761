"""FFmpeg's libraries in this process (PyAV): copy and decode without starting a program.

They only confirm that a file is good. In doubt, and for what they cannot do, the ffmpeg
program does it again and decides: no file fails because of PyAV, and the messages of
failures are ffmpeg's.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.fetch import ffmpeg
from ytaudio_daemon.model import FetchRequest

try:
    import av
    import av.logging

    av.logging.set_level(av.logging.ERROR)
    # A message that an earlier file had, too, counts again.
    av.logging.set_skip_repeated(False)
except Exception:  # noqa: BLE001 - no wheel for this machine, or none that works
    IS_INSTALLED = False
else:
    IS_INSTALLED = True

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

#: Seconds between two reports of progress, as often as the program reports.
_REPORT_INTERVAL_S = 0.5
_US_PER_S = 1_000_000


class DoubtError(Exception):
    """The media may be damaged; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSound:
    """The extent of sound that decoded without any complaint.

    Attributes:
        samples_s: Seconds, counted in samples.
        out_time_s: The last timestamp.
    """

    samples_s: float
    out_time_s: float


def is_usable(request: FetchRequest) -> bool:
    """Return whether the attempt may copy and decode in its own process.

    Only a job's first attempt: crafted media may crash the libraries, and with them the
    worker. The attempts after that leave the media to a program of its own.
    """
    return IS_INSTALLED and not request.earlier_dirs


def decode(path: Path, on_progress: Callable[[float], None]) -> DecodedSound | None:
    """Decode every sample of the first audio stream, discard them, and count them.

    Args:
        path: The file.
        on_progress: Called about twice a second with the seconds done so far.

    Returns:
        None if the file may be damaged, or cannot be read here.
    """
    try:
        with _open_media(path, on_progress) as reader:
            return _count_samples(reader)
    except Exception:  # noqa: BLE001 - whatever it is: the program judges
        return None


def copy(
    source: Path,
    target: Path,
    muxer: str,
    options: Mapping[str, str],
    on_progress: Callable[[float], None],
) -> float | None:
    """Copy the first audio stream into another container, without metadata.

    Args:
        source: The media file.
        target: The file to write, or to overwrite.
        muxer: libavformat's name of the container.
        options: The muxer's.
        on_progress: Called about twice a second with the seconds done so far.

    Returns:
        The last timestamp in seconds. None if the source may be damaged, or cannot be
        copied here; what `target` holds is of no use then.
    """
    address = f"file:{target}"
    try:
        with (
            _open_media(source, on_progress) as reader,
            av.open(address, "w", format=muxer, options=dict(options)) as copied,
        ):
            return _copy_packets(reader, copied)
    except Exception:  # noqa: BLE001 - as above
        return None


class _SoundReader:
    """Reads the packets of a file's first audio stream up to the first doubt.

    Args:
        media: The open file.
        complaints: Collects the libraries' error messages.
        on_progress: Called about twice a second with the seconds done so far.
    """

    def __init__(
        self,
        media: "InputContainer",
        complaints: list[tuple[int, str, str]],
        on_progress: Callable[[float], None],
    ) -> None:
        self.stream = media.streams.audio[0]
        self.start_s = (media.start_time or 0) / _US_PER_S
        #: The last timestamp of what was read, set by the reading function.
        self.end_s = 0.0
        self._media = media
        self._complaints = complaints
        self._on_progress = on_progress

    def packets(self) -> Iterator["Packet[AudioStream]"]:
        """Yield each packet, and last an empty one, which flushes the decoder.

        Raises:
            DoubtError: A packet is cut short, or there was a complaint, also of what
                was done with the packet.
            av.FFmpegError: The file cannot be read on.
        """
        reported_at = time.monotonic()
        for packet in self._media.demux(self.stream):
            if packet.is_corrupt:
                raise DoubtError("a packet is corrupt")
            yield packet
            self.raise_complaint()
            if (now := time.monotonic()) - reported_at > _REPORT_INTERVAL_S:
                reported_at = now
                self._on_progress(self.end_s)

    def raise_complaint(self) -> None:
        """Raise the first complaint, if there is any, as a `DoubtError`."""
        for _level, _where, text in self._complaints:
            raise DoubtError(text)


@contextmanager
def _open_media(
    path: Path, on_progress: Callable[[float], None]
) -> Iterator[_SoundReader]:
    """Open a file with the rules that `ffmpeg.input_arguments` gives the program."""
    options = {
        "protocol_whitelist": ffmpeg.PROTOCOLS,
        "format_whitelist": ",".join(ffmpeg.FORMATS),
    }
    with (
        av.logging.Capture() as complaints,
        av.open(f"file:{path}", options=options) as media,
    ):
        reader = _SoundReader(media, complaints, on_progress)
        yield reader
        reader.raise_complaint()


def _count_samples(reader: _SoundReader) -> DecodedSound:
    decoder = reader.stream.codec_context
    decoder.thread_count, decoder.thread_type = 1, "NONE"
    samples_s = frame_s = 0.0
    last = None
    for packet in reader.packets():
        for frame in reader.stream.decode(packet):
            if frame.is_corrupt:
                raise DoubtError("a frame is corrupt")
            frame_s = frame.samples / frame.sample_rate
            samples_s += frame_s
            if frame.time is not None:
                end_s = frame.time - reader.start_s + frame_s
                reader.end_s = max(reader.end_s, end_s)
            last = packet
    padding_s = 0.0 if last is None else _padding_s(last, frame_s)
    return DecodedSound(
        samples_s=samples_s - padding_s, out_time_s=reader.end_s - padding_s
    )


def _padding_s(packet: "Packet[AudioStream]", frame_s: float) -> float:
    """Return by how much a frame outlasts its packet: an encoder fills up the last one."""
    if not packet.duration or packet.time_base is None:
        return 0.0
    return max(0.0, frame_s - float(packet.duration * packet.time_base))


def _copy_packets(reader: _SoundReader, copied: "OutputContainer") -> float:
    """Copy all packets, their timestamps counted from 0; return the last timestamp."""
    stream = reader.stream
    if stream.time_base is None:
        raise DoubtError("the stream has no time base")
    tick_s = float(stream.time_base)  # a fraction's product takes longer than a packet
    target = copied.add_stream_from_template(stream)
    start = round(reader.start_s / stream.time_base)
    for packet in reader.packets():
        if not packet.size:
            continue
        if packet.dts is None or packet.pts is None:
            raise DoubtError("a packet has no timestamp")
        packet.dts -= start
        packet.pts -= start
        end_s = (packet.pts + (packet.duration or 0)) * tick_s
        reader.end_s = max(reader.end_s, end_s)
        packet.stream = target
        copied.mux(packet)
    return reader.end_s
