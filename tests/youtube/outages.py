"""Outages that YouTube has had: every video fails alike, for hours, for everybody."""

from dataclasses import dataclass

from tests.youtube.faults import Fault
from tests.youtube.video import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What all videos are answered, and how the answers travel."""

    status: Status | None = None
    faults: tuple[Fault, ...] = ()


OUTAGES: dict[str, Outage] = {
    "reload": Outage(status="reload"),
    "unknown_text": Outage(status="odd"),
    # An experiment with some of YouTube's clients.
    "drm": Outage(status="drm"),
    "media_403": Outage(faults=(Fault.answers(403, kind="media"),)),
    "no_player_response": Outage(
        faults=(Fault.serves_html(kind="player"), Fault.serves_html(kind="watch"))
    ),
}
