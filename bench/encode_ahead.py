"""Makes the stand-in's media before anything is timed; it would encode at first request."""

import asyncio
from collections.abc import Iterable

from bench.findings import AAC
from tests.youtube import Video
from tests.youtube.media import MediaStore, default_cache

#: Seconds of every video that is measured.
LENGTHS = (3.0, 30.0, 220.0, 3600.0)
_PICTURES = ("maxresdefault", "hqdefault")


def encode_ahead(lengths: Iterable[float] = LENGTHS) -> None:
    """Make the audio of videos of these lengths, and the pictures of all."""
    asyncio.run(_make(lengths))


async def _make(lengths: Iterable[float]) -> None:
    store = MediaStore(default_cache())
    for seconds in lengths:
        await store.sizes(Video(id="a" * 11, duration_s=seconds, formats=AAC))
    for name in _PICTURES:
        await store.picture(name, "jpg")
