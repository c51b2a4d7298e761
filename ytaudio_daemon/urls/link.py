"""The values of this package: a link to one video, and the error of other texts. Pure."""

from dataclasses import dataclass, field
from typing import NamedTuple

#: Longer texts are refused unread; the longest sensible link has some 300 characters.
MAX_LINK_CHARS = 8192

MUSIC_HOST = "music.youtube.com"

EXPECTED_LINK = (
    "write a link to one YouTube video, such as https://youtu.be/dQw4w9WgXcQ"
)


@dataclass(frozen=True, slots=True)
class Link:
    """One YouTube video.

    Attributes:
        video_id: Its 11 characters.
        is_music: The link was one of YouTube Music; the video is the same.
        list_id: The playlist that the link named beside the video, or "".
    """

    video_id: str
    is_music: bool = field(default=False, compare=False)
    list_id: str = field(default="", compare=False)

    @property
    def url(self) -> str:
        """The canonical URL, rebuilt from the ID."""
        return f"https://www.youtube.com/watch?v={self.video_id}"

    @property
    def music_url(self) -> str:
        """The address of the same video at YouTube Music."""
        return f"https://{MUSIC_HOST}/watch?v={self.video_id}"


class LinkError(ValueError):
    """A text that is not an accepted link.

    Args:
        code: `not_a_url`, `unsupported_site`, `not_a_video`, `bad_video_id`, `mirror`,
            `bare_id` or `endless`.
        message: One sentence that says what is accepted instead.
        link: The video that was most likely meant: the mended link of a mirror or of
            a bare ID.
    """

    def __init__(self, code: str, message: str, link: Link | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.link = link


class FoundLink(NamedTuple):
    """A link-like part of a text, accepted or refused.

    Attributes:
        text: The part, as it is written.
        link: The video; of a refused link the video that was most likely meant.
        error: Why it is refused, or None.
        is_mended: True if it is accepted although YouTube does not write links so: it
            was unwrapped, unescaped, or cut behind the ID.
    """

    text: str
    link: Link | None
    error: LinkError | None = None
    is_mended: bool = False

    @property
    def leads_to_youtube(self) -> bool:
        """Whether it leads to YouTube, or to a mirror of a video."""
        return (
            self.link is not None
            or self.error is None
            or self.error.code in {"not_a_video", "bad_video_id"}
        )


def quoted(text: str) -> str:
    """Return a short ASCII form of a text for a message."""
    return ascii(text[:40])
