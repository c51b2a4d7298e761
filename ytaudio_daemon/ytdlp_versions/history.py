"""The history of yt-dlp's versions: used, refused, upgraded. Pure.

The link `current` names the version in use; the history has how it came into use.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

#: Versions used before that are saved, to go back to.
MAX_ACTIVATIONS = 20
#: Refused versions that are saved.
MAX_REJECTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """A version that came into use.

    Attributes:
        version: Its folder's name; "" is the installed one.
        upgraded: An upgrade brought it; it was not just used again.
        pinned: A person asked for it: only a person changes it.
        watched: The daemon gives it up if it is worse than the one before.
        at: When, seconds since 1970 UTC.
    """

    version: str = ""
    upgraded: bool = False
    pinned: bool = False
    watched: bool = False
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedVersion:
    """A version that the daemon does not try again.

    Attributes:
        version: The version.
        reason: One sentence.
        at: When, seconds since 1970 UTC.
        replaced_by: The version that is used instead.
        automatic: The daemon gave it up, not a person.
    """

    version: str
    reason: str
    at: float
    replaced_by: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """The result of the last upgrade.

    Attributes:
        at: When it ended, seconds since 1970 UTC.
        result: upgraded, current (there is nothing newer), refused (it failed
            its test), or failed (it could not be fetched).
        version: The version it was about, or "".
        message: One sentence.
        automatic: The daemon started it.
    """

    at: float
    result: str
    version: str = ""
    message: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHistory:
    """The saved history; immutable.

    Attributes:
        stands: The versions that came into use, the current one last. A rollback
            removes the last.
        refused: Versions that the daemon does not try again, the latest last.
        tried: The result of the last upgrade, or None.
    """

    stands: tuple[Activation, ...] = ()
    refused: tuple[RejectedVersion, ...] = ()
    tried: UpgradeResult | None = None

    def activation(self, version: str) -> Activation:
        """Return how the version in use came into use; a bare one if that was not saved."""
        top = self.stands[-1] if self.stands else Activation()
        return top if top.version == version else Activation(version=version)

    def rewound_to(self, version: str) -> "VersionHistory":
        """Return the history cut so that the version in use is the last."""
        stands = self.stands
        while stands and stands[-1].version != version:
            stands = stands[:-1]
        if not stands and version:
            stands = (Activation(version=version),)
        return replace(self, stands=stands)

    def previous(self) -> Activation | None:
        """Return the version before the one in use, or None."""
        if not self.stands:
            return None
        return self.stands[-2] if len(self.stands) > 1 else Activation()

    def rejection_of(self, version: str) -> RejectedVersion | None:
        """Return the rejection of a version, or None."""
        return next((r for r in self.refused if r.version == version), None)

    def with_activation(self, activation: Activation) -> "VersionHistory":
        """Return the history with a new version in use, which is no longer refused."""
        stands = (*self.stands, activation)[-MAX_ACTIVATIONS:]
        refused = tuple(r for r in self.refused if r.version != activation.version)
        return replace(self, stands=stands, refused=refused)

    def with_rollback(self, refused: RejectedVersion | None) -> "VersionHistory":
        """Return the history with the version before in use.

        That one is not watched again: else a change at YouTube would roll back from
        version to version.
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
        """Rebuild a history from `to_json`.

        Raises:
            TypeError, KeyError, AttributeError: The data is no history.
        """
        return cls(
            stands=tuple(Activation(**activation) for activation in data["stands"]),
            refused=tuple(RejectedVersion(**refused) for refused in data["refused"]),
            tried=None if data["tried"] is None else UpgradeResult(**data["tried"]),
        )
