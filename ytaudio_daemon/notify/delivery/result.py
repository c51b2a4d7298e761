"""The result of a delivery: plain data that one process sends another. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: A receiver's answer is cut to so many characters.
MAX_TEXT_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The result of delivering one message.

    Attributes:
        ok: The receiver has accepted the message.
        said: The receiver's answer, or the reason of a failure, as text for people,
            e.g. "answered 200 OK"; without secrets.
        is_rejection: The receiver refuses this message; it may accept others.
        retry_after_s: The pause in seconds that the receiver asked for, if it did.
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
        """Rebuild a result from `to_json`.

        Raises:
            TypeError: The data is no result.
        """
        return cls(**data)


def delivered(said: str) -> DeliveryResult:
    """Return the result of a message that was accepted."""
    return DeliveryResult(ok=True, said=said)


def retry_later(said: str, retry_after_s: float | None = None) -> DeliveryResult:
    """Return the result for a receiver that is away or wrongly configured."""
    return DeliveryResult(ok=False, said=said, retry_after_s=retry_after_s)


def rejected(said: str) -> DeliveryResult:
    """Return the result for a message that the receiver refuses."""
    return DeliveryResult(ok=False, said=said, is_rejection=True)
