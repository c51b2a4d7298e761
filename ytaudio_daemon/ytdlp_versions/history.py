"""What is remembered of yt-dlp's versions: which was in use when and why. Pure.

The link `current` says which is in use now; this tells how it came to be so.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

#: Switches that are remembered, to go back by.
MAX_ACTIVATIONS = 20
#: Refused versions that are remembered.
MAX_REJECTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A version that was switched to.

    Attributes:
        version: Its folder's name; "" is the installed one.
        upgraded: It came by an upgrade, and was not just used again.
        pinned: Somebody asked for this one: it is left only when somebody asks again.
        watched: It is given up by itself should it be worse than the one before.
        at: When, seconds since 1970 UTC.
    """

    version: str = ""
    upgraded: bool = False
    pinned: bool = False
    watched: bool = False
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedVersion:
    """A version that is not tried again by itself.

    Attributes:
        version: Which.
        reason: One sentence.
        at: Since when.
        replaced_by: The version that was used instead.
        automatic: Nobody asked for it.
    """

    version: str
    reason: str
    at: float
    replaced_by: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """How the last upgrade went.

    Attributes:
        at: When it ended, seconds since 1970 UTC.
        result: upgraded, current (there is nothing newer), refused (it did not stand
            its test), or failed (it could not be fetched).
        version: The version it was about, or "".
        message: One sentence.
        automatic: The daemon's own doing.
    """

    at: float
    result: str
    version: str = ""
    message: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHistory:
    """All that is remembered; a value, changed by making another.

    Attributes:
        stands: The versions switched to, the one in use last. Going back takes the
            last away.
        refused: Versions that are not tried again by themselves, the latest last.
        tried: How the last upgrade went, or None.
    """

    stands: tuple[Activation, ...] = ()
    refused: tuple[RejectedVersion, ...] = ()
    tried: UpgradeResult | None = None

    def activation(self, version: str) -> Activation:
        """Return how a version came into use; one that nobody noted just is."""
        top = self.stands[-1] if self.stands else Activation()
        return top if top.version == version else Activation(version=version)

    def rewound_to(self, version: str) -> "VersionHistory":
        """Return the notes with the version in use as the last: what the link says."""
        stands = self.stands
        while stands and stands[-1].version != version:
            stands = stands[:-1]
        if not stands and version:
            stands = (Activation(version=version),)
        return replace(self, stands=stands)

    def previous(self) -> Activation | None:
        """Return what going back leads to, or None when there is nothing behind."""
        if not self.stands:
            return None
        return self.stands[-2] if len(self.stands) > 1 else Activation()

    def rejection_of(self, version: str) -> RejectedVersion | None:
        """Return why a version is not tried by itself, or None."""
        return next((r for r in self.refused if r.version == version), None)

    def with_activation(self, activation: Activation) -> "VersionHistory":
        """Return the notes after a switch; what was refused before is welcome now."""
        stands = (*self.stands, activation)[-MAX_ACTIVATIONS:]
        refused = tuple(r for r in self.refused if r.version != activation.version)
        return replace(self, stands=stands, refused=refused)

    def with_rollback(self, refused: RejectedVersion | None) -> "VersionHistory":
        """Return the notes after the last switch was taken back.

        What was used before has proven itself long ago. Were it watched again, a
        change at YouTube's would lead back from version to version.
        """
        stands = self.stands[:-1]
        if stands:
            stands = (*stands[:-1], replace(stands[-1], watched=False))
        history = replace(self, stands=stands)
        if refused is None:
            return history
        others = [r for r in self.refused if r.version != refused.version]
        return replace(history, refused=(*others, refused)[-MAX_REJECTED:])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "VersionHistory":
        """Rebuild notes from `to_json`.

        Raises:
            TypeError, KeyError, AttributeError: The data is something else.
        """
        return cls(
            stands=tuple(Activation(**activation) for activation in data["stands"]),
            refused=tuple(RejectedVersion(**refused) for refused in data["refused"]),
            tried=None if data["tried"] is None else UpgradeResult(**data["tried"]),
        )
