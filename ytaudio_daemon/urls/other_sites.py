"""Finds addresses of other sites without `https://` before them. Pure.

Most words with a dot are no addresses: only a likely one is refused as an address.
"""

import re
from collections.abc import Iterator

from ytaudio_daemon.urls.address import parse_address
from ytaudio_daemon.urls.finding import without_links
from ytaudio_daemon.urls.link import FoundLink, LinkError

_HOST = r"(?<![\w@./:-]) (?:[a-z0-9-]{1,63}\.)+"
_KNOWN_DOMAIN = (
    "com|net|org|tv|io|me|fm|be|co|uk|de|fr|es|it|nl|pl|ru|jp|cn|in|br|app|dev"
)
_LIKELY = re.compile(
    rf"{_HOST} (?:{_KNOWN_DOMAIN}) (?::[0-9]{{1,5}})? / [^\s<>\"]+",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_POSSIBLE = re.compile(
    r"(?<!\S) (?:[a-z0-9-]{1,63}\.)+ [a-z]{2,63} [/:] \S*",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def find_other_sites(text: str, *, is_link_expected: bool) -> Iterator[FoundLink]:
    """Yield the refused addresses of a text in which `find_links` found all others.

    Args:
        text: The text.
        is_link_expected: True if the text has no link and should have one: less likely
            addresses count, too.
    """
    pattern = _POSSIBLE if is_link_expected else _LIKELY
    if pattern.search(text) is None:
        return
    for found in pattern.finditer(without_links(text)):
        try:
            yield FoundLink(found[0], parse_address(found[0]))
        except LinkError as error:
            yield FoundLink(found[0], error.link, error)
