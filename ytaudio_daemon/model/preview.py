"""Estimates a collection before it is recorded: entries, hours, bytes. Pure."""

from collections.abc import Container
from dataclasses import dataclass, field

from ytaudio_daemon.model.line_rules import audio_key
from ytaudio_daemon.model.listing import ListedEntry
from ytaudio_daemon.model.options import LOSSLESS, Options

#: Of what YouTube serves best and worst, in kbit/s: copied as it is.
_COPIED_KBPS = 130
_COPIED_WORST_KBPS = 50
#: wav: 48 kHz, 16 bits, two channels; flac: somewhat more than half of that.
_LOSSLESS_KBPS = {"wav": 1536, "flac": 900}


@dataclass(slots=True, kw_only=True)
class Preview:
    """The wanted entries of a collection, summed up as they are listed.

    Attributes:
        options: What its jobs would get.
        lengths: Seconds of the wanted entries by their videos, in the order of the list;
            None where the list names no length.
    """

    options: Options
    lengths: dict[str, float | None] = field(default_factory=dict)

    def add(self, entry: ListedEntry) -> None:
        """Add a wanted entry."""
        self.lengths[entry.video_id] = entry.duration_s

    def without(self, audio_keys: Container[str]) -> "Preview":
        """Return the preview of those entries whose audio is not among some keys."""
        keys = dict(zip(self.lengths, self.audio_keys, strict=True))
        left = {
            video_id: length
            for video_id, length in self.lengths.items()
            if keys[video_id] not in audio_keys
        }
        return Preview(options=self.options, lengths=left)

    @property
    def video_ids(self) -> list[str]:
        """The wanted entries' videos, in the order of the list."""
        return list(self.lengths)

    @property
    def audio_keys(self) -> list[str]:
        """The keys of the wanted entries' audio, in the order of the list."""
        profile = self.options.profile()
        return [audio_key(video_id, profile) for video_id in self.lengths]

    @property
    def unknown(self) -> int:
        """The number of wanted entries whose length the list does not name."""
        return sum(length is None for length in self.lengths.values())

    @property
    def duration_s(self) -> float | None:
        """The seconds of all of them; those of unknown length count as the others do.

        None: the list names no length at all.
        """
        known = [length for length in self.lengths.values() if length is not None]
        if not known:
            return None if self.lengths else 0.0
        return sum(known) * len(self.lengths) / len(known)

    @property
    def estimated_bytes(self) -> int | None:
        """About how much finished audio they are; None where no length is known."""
        if self.duration_s is None:
            return None
        return round(self.duration_s * estimated_kbps(self.options) * 1000 / 8)


def estimated_kbps(options: Options) -> int:
    """Return the approximate bitrate of the finished audio, in kbit/s."""
    if options.format in LOSSLESS:
        return _LOSSLESS_KBPS[options.format]
    if options.bitrate is not None:
        return int(options.bitrate.removesuffix("k"))
    return _COPIED_WORST_KBPS if options.quality == "worstaudio" else _COPIED_KBPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """How much of a preview is there already, and how long the rest would take.

    Attributes:
        here: Entries whose audio the session has.
        asked: Entries whose job is not finalized yet.
        archived: Other entries, which the archive has: they are not downloaded.
        seconds: Until the rest would be done at the present pace, behind what is queued;
            None where no job has shown its speed, or a gate is closed.
        note: Why that is not known, or "".
    """

    here: int = 0
    asked: int = 0
    archived: int = 0
    seconds: float | None = None
    note: str = ""
