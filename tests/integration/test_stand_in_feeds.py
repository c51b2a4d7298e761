"""The stand-in's Atom feeds, as anybody would read them."""

import http.client
import ssl
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from tests.youtube import Channel, Fault, Playlist, Video, YouTube

PL = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
UC = "UCuAXFkgsw1L7xaCfnd5JJOw"
NAMES = {
    "atom": "http://www.w3.org/2005/Atom",
    "yt": "http://www.youtube.com/xml/schemas/2015",
}
VIDEOS = tuple(f"v{number:010}" for number in range(40))


def get(youtube: YouTube, query: str) -> tuple[int, bytes]:
    proxy = urlsplit(youtube.proxy)
    context = ssl.create_default_context(cafile=str(youtube.ca_file))
    connection = http.client.HTTPSConnection(
        str(proxy.hostname), proxy.port, context=context, timeout=60
    )
    connection.set_tunnel("www.youtube.com", 443)
    connection.request("GET", f"/feeds/videos.xml?{query}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize(
    ("query", "title"),
    [(f"channel_id={UC}", "A <name>"), (f"playlist_id={PL}", "My & list")],
)
def test_a_feed_names_the_first_fifteen_videos(
    youtube: YouTube, query: str, title: str
) -> None:
    youtube.default = Video(title="A & B", upload_date="2024-05-17")
    youtube.add_lists(
        Channel(id=UC, handle="@n", name="A <name>", tabs={"videos": VIDEOS}),
        Playlist(id=PL, title="My & list", videos=VIDEOS),
    )
    status, body = get(youtube, query)
    feed = ET.fromstring(body)
    assert (status, feed.findtext("atom:title", "", NAMES)) == (200, title)
    found = [each.text for each in feed.findall("atom:entry/yt:videoId", NAMES)]
    assert found == list(VIDEOS[:15])
    first = feed.find("atom:entry", NAMES)
    assert first is not None
    assert first.findtext("atom:title", "", NAMES) == "A & B"
    assert first.findtext("atom:published", "", NAMES).startswith("2024-05-17T")
    (request,) = youtube.requests(kind="feed")
    assert request.video_id == query.partition("=")[2]


@pytest.mark.parametrize("query", ["channel_id=UCx", f"playlist_id={PL}", ""])
def test_there_is_no_feed_of_what_is_not_there(youtube: YouTube, query: str) -> None:
    youtube.add_lists(Playlist(id=PL, status="missing"))
    assert get(youtube, query)[0] == 404


def test_a_feed_can_fail(youtube: YouTube) -> None:
    youtube.add_lists(Playlist(id=PL, videos=VIDEOS))
    youtube.fault(PL, Fault.answers(503, kind="feed", times=1))
    statuses = [get(youtube, f"playlist_id={PL}")[0] for _ in range(2)]
    assert statuses == [503, 200]
