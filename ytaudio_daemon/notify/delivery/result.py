"""What became of a delivery: plain data that crosses a process border. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Nobody reads more of what a receiver says.
MAX_TEXT_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What a receiver said, in words without its secrets.

    Attributes:
        ok: It has been told.
        said: For people, e.g. "answered 200 OK".
        is_rejection: This notice is what it does not take; others it may.
        retry_after_s: Seconds it asked to be left alone, if it did.
    """

    ok: bool
    said: str
    is_rejection: bool = False
    retry_after_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DeliveryResult":
        """Rebuild an answer from `to_json`.

        Raises:
            TypeError: The data is no answer.
        """
        return cls(**data)


def delivered(said: str) -> DeliveryResult:
    """Return that it has been told."""
    return DeliveryResult(ok=True, said=said)


def retry_later(said: str, retry_after_s: float | None = None) -> DeliveryResult:
    """Return that it could not be told now: it may be away, or set up wrongly."""
    return DeliveryResult(ok=False, said=said, retry_after_s=retry_after_s)


def rejected(said: str) -> DeliveryResult:
    """Return that it does not take this very notice."""
    return DeliveryResult(ok=False, said=said, is_rejection=True)
