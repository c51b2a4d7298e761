"""One copy and one decode of made-up silence, so that workers are forked warm.

The first use of a muxer and of a decoder fills tables and resolves symbols: some 4 ms of
CPU that every forked worker would pay again.
"""

import tempfile
from pathlib import Path

from ytaudio_daemon.fetch import libav

if libav.IS_INSTALLED:
    import av

_RATE_HZ = 48_000
_FRAME_SAMPLES = 960
_FRAMES = 4
#: Of YouTube's streams: the muxer, the encoder, and the muxer of a copy.
_STREAMS = (("ipod", "aac", "ipod"), ("webm", "libopus", "opus"))


def run_libav_warmup() -> None:
    """Copy and decode silence in YouTube's two forms of audio.

    Raises:
        Exception: This PyAV has other functions; workers start cold then.
    """
    if not libav.IS_INSTALLED:
        return
    with tempfile.TemporaryDirectory() as folder:
        source, copied = Path(folder, "source"), Path(folder, "copied")
        for muxer, encoder, target_muxer in _STREAMS:
            _write_silence(source, muxer, encoder)
            libav.copy(source, copied, target_muxer, {}, lambda _seconds: None)
            libav.decode(copied, lambda _seconds: None)


def _write_silence(path: Path, muxer: str, encoder: str) -> None:
    with av.open(f"file:{path}", "w", format=muxer) as made:
        stream = made.add_stream(encoder, rate=_RATE_HZ)
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{encoder} encodes no sound")
        # Another thread would be copied, half alive, into every worker.
        stream.codec_context.thread_count = 1
        for number in range(_FRAMES):
            made.mux(stream.encode(_silent_frame(stream.codec_context, number)))
        made.mux(stream.encode(None))


def _silent_frame(encoder: "av.AudioCodecContext", number: int) -> "av.AudioFrame":
    frame = av.AudioFrame(
        format=encoder.format.name, layout=encoder.layout.name, samples=_FRAME_SAMPLES
    )
    frame.sample_rate, frame.pts = _RATE_HZ, number * _FRAME_SAMPLES
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame
