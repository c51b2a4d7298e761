"""What a collection would come to: entries, hours, bytes. Pure."""

from dataclasses import dataclass, field

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
        video_ids: Of the wanted entries, in the order of the list.
        known_s: Seconds of those whose length the list names.
        known: The number of those.
    """

    options: Options
    video_ids: list[str] = field(default_factory=list)
    known_s: float = 0.0
    known: int = 0

    def add(self, entry: ListedEntry) -> None:
        """Add a wanted entry."""
        self.video_ids.append(entry.video_id)
        if entry.duration_s is not None:
            self.known_s += entry.duration_s
            self.known += 1

    @property
    def unknown(self) -> int:
        """The number of wanted entries whose length the list does not name."""
        return len(self.video_ids) - self.known

    @property
    def duration_s(self) -> float | None:
        """The seconds of all of them; those of unknown length count as the others do.

        None: the list names no length at all.
        """
        if not self.known:
            return 0.0 if not self.video_ids else None
        return self.known_s * len(self.video_ids) / self.known

    @property
    def estimated_bytes(self) -> int | None:
        """About how much finished audio they are; None where no length is known."""
        if self.duration_s is None:
            return None
        return round(self.duration_s * estimated_kbps(self.options) * 1000 / 8)


def estimated_kbps(options: Options) -> int:
    """Return about how many kbit a second of finished audio has."""
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
