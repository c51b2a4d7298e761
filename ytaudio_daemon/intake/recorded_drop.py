"""A drop of which every line is durable, on its way from the inbox to `processed`."""

from dataclasses import dataclass

from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.ledger.drops import Drop

#: Identifies a drop until it is filed: session name, file name, content hash.
DropKey = tuple[str, bytes, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDrop:
    """A file that is still in the inbox, and its row in the ledger."""

    inbox_file: InboxFile
    drop: Drop

    @property
    def key(self) -> DropKey:
        """What identifies the drop until it is filed."""
        return self.inbox_file.location.session, self.inbox_file.name, self.drop.sha256

    @property
    def is_kept(self) -> bool:
        """True if the ledger has it already that this drop's file stays."""
        return self.drop.state == "kept"
