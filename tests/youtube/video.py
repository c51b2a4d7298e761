"""What a test can say about one video; not how YouTube words it (see `pages`)."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from tests.youtube.faults import Fault

Sound = Literal["aac", "opus", "muxed"]
Thumbnail = Literal["jpg", "webp", "broken"]
Status = Literal[
    "ok",
    # Gone or closed for good.
    "private",
    "removed",
    "violated",
    "terminated",
    "copyright",
    "members",
    "geo",
    "age",
    "sign_in",
    "drm",
    "unavailable",
    "trailer",
    # Later, perhaps.
    "live",
    "upcoming",
    "premiere",
    "post_live",
    "processing",
    # It is not the video, it is you.
    "bot",
    "rate_limited",
    "captcha",
    # It is YouTube itself.
    "reload",
    "odd",
    "wrong_id",
    "sabr",
]

ALL_SOUNDS: tuple[Sound, ...] = ("aac", "opus", "muxed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One video as the stand-in shows it.

    The template for videos that nobody added (`YouTube.default`) has no ID of its own;
    ``{id}`` in its title is replaced by the ID that was asked for.
    """

    id: str = ""
    title: str = "Clip {id}"
    #: Any length; beyond a minute the audio is a looped minute (see `media`).
    duration_s: float = 3.0
    channel: str = "Stand-in Channel"
    view_count: int | None = 1234
    #: ISO, as in the page's microformat; may carry a time and an offset.
    upload_date: str = "2024-05-17"
    description: str = "A sine wave."
    #: The three that YouTube gives for songs only, in `music` style; "auto" needs all
    #: three, and then the description is YouTube's.
    artist: str | None = None
    track: str | None = None
    album: str | None = None
    release_year: int = 2020
    #: "auto": the description that YouTube generates for music distributors;
    #: "rows": the older rows under the description.
    music: Literal["auto", "rows"] = "auto"
    formats: Collection[Sound] = ALL_SOUNDS
    thumbnail: Thumbnail | None = "jpg"
    status: Status = "ok"
    #: Media URLs carry an `n` and a scrambled signature that the player must solve.
    challenge: bool = False
    #: Seconds of a spot that must be waited out before the media may be fetched.
    advert_s: int = 0
    #: Media URLs are answered only with a proof-of-origin token in `pot`.
    token: bool = False
    #: Pitch in hertz: tells the audio of two videos apart.
    tone: int = 440
    #: The video that is answered instead, for the statuses wrong_id and trailer.
    other_id: str = "dQw4w9WgXcQ"
    #: The account that sees this video as if its status were "ok"; "" is none.
    account: str = ""
    faults: tuple[Fault, ...] = ()

    def called(self, video_id: str) -> "Video":
        """Return the video that this template makes of an ID."""
        return replace(self, id=video_id, title=self.title.replace("{id}", video_id))

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the control channel."""
        return {
            **asdict(self),
            "formats": list(self.formats),
            "faults": [fault.as_json() for fault in self.faults],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Video":
        """Rebuild what `as_json` gave."""
        known = {field.name for field in fields(cls)}
        plain = {key: value for key, value in data.items() if key in known}
        plain["formats"] = tuple(plain.get("formats", ALL_SOUNDS))
        plain["faults"] = tuple(map(Fault.from_json, plain.get("faults", ())))
        return cls(**plain)
