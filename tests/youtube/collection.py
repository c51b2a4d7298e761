"""What a test can say about playlists and channels; not how YouTube words it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ListStatus = Literal["ok", "missing", "unviewable", "terminated", "home"]
Tab = Literal["videos", "shorts", "streams", "releases", "playlists"]

CHANNEL_ID = "UCstandinstandinstandin0"
HANDLE = "@stand-in"
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Playlist:
    """A playlist or an album; its entries look as their videos' statuses say."""

    id: str
    title: str = "Stand-in Playlist"
    channel: str = "Stand-in Channel"
    channel_id: str = CHANNEL_ID
    handle: str = HANDLE
    #: IDs in their order; one may stand there twice.
    videos: tuple[str, ...] = ()
    #: The list as it has become when its second page is asked for, its third, …
    later: tuple[tuple[str, ...], ...] = ()
    status: ListStatus = "ok"
    #: What YouTube announces, when it is not the length.
    announced: int | None = None
    #: Behind the last entry the first comes again, for ever.
    is_endless: bool = False
    #: Only this account sees it.
    account: str = ""
    #: The album's page at YouTube Music, and its year there.
    album_page: str = ""
    year: int | None = None

    def at_page(self, page: int) -> tuple[str, ...]:
        """Return the list as it is when a page is asked for, from 0."""
        versions = (self.videos, *self.later)
        return versions[min(page, len(versions) - 1)]

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the control channel."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Playlist":
        """Rebuild what `as_json` gave."""
        later = tuple(map(tuple, data["later"]))
        return cls(**{**data, "videos": tuple(data["videos"]), "later": later})


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel: IDs of videos by tab; of playlists in `releases` and `playlists`."""

    id: str = CHANNEL_ID
    handle: str = HANDLE
    name: str = "Stand-in Channel"
    tabs: Mapping[Tab, tuple[str, ...]] = field(default_factory=dict)
    #: The names in `/c/…` and `/user/…`.
    old_names: tuple[str, ...] = ()
    status: ListStatus = "ok"

    def as_json(self) -> dict[str, Any]:
        """Return plain data for the control channel."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Channel":
        """Rebuild what `as_json` gave."""
        tabs = {tab: tuple(ids) for tab, ids in data["tabs"].items()}
        return cls(**{**data, "tabs": tabs, "old_names": tuple(data["old_names"])})
