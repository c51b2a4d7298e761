"""The history of yt-dlp's versions: used, rejected, upgraded. Pure.

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
        activations: The versions that came into use, the current one last. A rollback
            removes the last.
        rejected: Versions that the daemon does not try again, the latest last.
        last_upgrade: The result of the last upgrade, or None.
    """

    activations: tuple[Activation, ...] = ()
    rejected: tuple[RejectedVersion, ...] = ()
    last_upgrade: UpgradeResult | None = None

    def activation(self, version: str) -> Activation:
        """Return how the version in use came into use, as far as that was saved."""
        top = self.activations[-1] if self.activations else Activation()
        return top if top.version == version else Activation(version=version)

    def rewound_to(self, version: str) -> "VersionHistory":
        """Return the history cut so that the version in use is the last."""
        activations = self.activations
        while activations and activations[-1].version != version:
            activations = activations[:-1]
        if not activations and version:
            activations = (Activation(version=version),)
        return replace(self, activations=activations)

    def previous(self) -> Activation | None:
        """Return the version before the one in use, or None."""
        if not self.activations:
            return None
        return self.activations[-2] if len(self.activations) > 1 else Activation()

    def rejection_of(self, version: str) -> RejectedVersion | None:
        """Return the rejection of a version, or None."""
        return next((r for r in self.rejected if r.version == version), None)

    def with_activation(self, activation: Activation) -> "VersionHistory":
        """Return the history with a new version in use, which is no longer rejected."""
        activations = (*self.activations, activation)[-MAX_ACTIVATIONS:]
        rejected = tuple(r for r in self.rejected if r.version != activation.version)
        return replace(self, activations=activations, rejected=rejected)

    def with_rollback(self, rejected: RejectedVersion | None) -> "VersionHistory":
        """Return the history with the version before in use.

        That one is not watched again: else a change at YouTube would roll back from
        version to version.
        """
        activations = self.activations[:-1]
        if activations:
            activations = (*activations[:-1], replace(activations[-1], watched=False))
        history = replace(self, activations=activations)
        if rejected is None:
            return history
        others = [r for r in self.rejected if r.version != rejected.version]
        return replace(history, rejected=(*others, rejected)[-MAX_REJECTED:])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, by the names that the file has had from the first."""
        data = asdict(self)
        return {
            "stands": data["activations"],
            "refused": data["rejected"],
            "tried": data["last_upgrade"],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "VersionHistory":
        """Rebuild a history from `to_json`.

        Raises:
            TypeError, KeyError, AttributeError: The data is no history.
        """
        return cls(
            activations=tuple(
                Activation(**activation) for activation in data["stands"]
            ),
            rejected=tuple(RejectedVersion(**rejected) for rejected in data["refused"]),
            last_upgrade=None
            if data["tried"] is None
            else UpgradeResult(**data["tried"]),
        )
