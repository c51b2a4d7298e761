"""Links to many videos: which collection they name, and which have no end."""

import pytest

from ytaudio_daemon.urls import (
    CollectionLink,
    LinkError,
    find_links,
    linked_collection,
    parse_collection,
)

PL = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
ALBUM = "OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"
UC = "UCuAXFkgsw1L7xaCfnd5JJOw"
ID = "dQw4w9WgXcQ"
YT = "https://www.youtube.com"

NAMED = [
    (f"{YT}/playlist?list={PL}", f"playlist:{PL}"),
    (f"http://youtube.com/playlist?list={PL}&si=abc", f"playlist:{PL}"),
    (f"m.youtube.com/playlist?app=desktop&list={PL}", f"playlist:{PL}"),
    (f"{YT}/playlist/{PL}", f"playlist:{PL}"),
    (f"{YT}/watch?list={PL}", f"playlist:{PL}"),
    (f"{YT}/watch?v={ID}&list={PL}&index=3", f"playlist:{PL}"),
    (f"{YT}/watch?list={PL}&v={ID}", f"playlist:{PL}"),
    (f"https://youtu.be/{ID}?list={PL}", f"playlist:{PL}"),
    (f"{YT}/watch?v={ID}&list={PL}#t=3", f"playlist:{PL}"),
    (f"{YT}/embed/videoseries?list={PL}", f"playlist:{PL}"),
    (f"{YT}/embed/{ID}?list={PL}", f"playlist:{PL}"),
    (f"{YT}/view_play_list?p=8A0B2C4D6E8F0A1B", "playlist:PL8A0B2C4D6E8F0A1B"),
    (f"{YT}/playlist?list=WL", "playlist:WL"),
    (f"{YT}/playlist?list=UU{UC[2:]}", f"playlist:UU{UC[2:]}"),
    (f"https://music.youtube.com/playlist?list={ALBUM}", f"album:{ALBUM}"),
    (f"https://music.youtube.com/watch?v={ID}&list={ALBUM}", f"album:{ALBUM}"),
    (f"{YT}/playlist?list={ALBUM}", f"album:{ALBUM}"),
    ("https://music.youtube.com/browse/MPREb_4pL8gzRtw1p", "album:MPREb_4pL8gzRtw1p"),
    (f"https://music.youtube.com/browse/VL{PL}", f"playlist:{PL}"),
    (f"https://music.youtube.com/browse/{UC}", f"channel:{UC}/videos"),
    ("music.youtube.com/playlist?list=RDCLAK5uy_abc", "playlist:RDCLAK5uy_abc"),
    (f"{YT}/@Some.Name", "channel:@some.name/videos"),
    (f"{YT}/@name/", "channel:@name/videos"),
    (f"{YT}/@name/videos", "channel:@name/videos"),
    (f"{YT}/@name/Shorts", "channel:@name/shorts"),
    (f"{YT}/@name/streams?view=0", "channel:@name/streams"),
    (f"{YT}/@name/releases", "channel:@name/releases"),
    (f"{YT}/@name/playlists?view=1", "channel:@name/playlists"),
    (f"{YT}/@name/featured", "channel:@name/videos"),
    (f"{YT}/@name/about", "channel:@name/videos"),
    (f"{YT}/@имя", "channel:@имя/videos"),
    (f"{YT}/channel/{UC}", f"channel:{UC}/videos"),
    (f"{YT}/channel/{UC}/streams", f"channel:{UC}/streams"),
    (f"{YT}/c/SomeName", "channel:c/somename/videos"),
    (f"{YT}/user/SomeName/videos", "channel:user/somename/videos"),
    # Mended as links to videos are.
    (f"{YT}/playlist?list={PL})and more", f"playlist:{PL}"),
    (f"https:\\/\\/www.youtube.com\\/playlist?list={PL}", f"playlist:{PL}"),
    (f"https://www.google.com/url?q={YT}/playlist%3Flist%3D{PL}", f"playlist:{PL}"),
    (f"{YT}/playlist?list&#61;{PL}", f"playlist:{PL}"),
    (f"{YT}/redirect?q=https%3A%2F%2Fwww.youtube.com%2F@name", "channel:@name/videos"),
]

NAMELESS = [
    f"{YT}/watch?v={ID}",
    f"https://youtu.be/{ID}",
    f"{YT}/@name/live",
    f"{YT}/channel/UCx",
    f"{YT}/embed/live_stream?channel={UC}",
    f"{YT}/post/abc",
    f"{YT}/gaming",
    f"{YT}/clip/abc",
    f"{YT}/playlist",
    f"{YT}/playlist?list=",
    f"{YT}/watch?v={ID}&list=",
    f"{YT}/",
]

ENDLESS = [
    f"{YT}/playlist?list=RDMM",
    f"{YT}/watch?v={ID}&list=RD{ID}",
    f"https://music.youtube.com/watch?v={ID}&list=RDAMVM{ID}",
    f"{YT}/feed/subscriptions",
    f"{YT}/results?search_query=music",
    f"{YT}/hashtag/music",
    f"{YT}/@name/search?query=music",
]


@pytest.mark.parametrize(("text", "key"), NAMED)
def test_a_collection_is_found_in_every_form_of_its_link(text: str, key: str) -> None:
    first = text.split(" ", maxsplit=1)[0]
    found = parse_collection(first)
    assert found is not None
    assert found.key == key
    in_text = [linked_collection(link) for link in find_links(f"see {text} now")]
    assert in_text == [found]


@pytest.mark.parametrize("key_of", NAMED)
def test_the_canonical_url_of_a_collection_names_it_again(
    key_of: tuple[str, str],
) -> None:
    found = parse_collection(key_of[0].split(" ")[0])
    assert found is not None
    again = parse_collection(found.url)
    assert again == found
    assert again.key == found.key


@pytest.mark.parametrize("text", NAMELESS)
def test_a_page_without_a_list_names_no_collection(text: str) -> None:
    assert parse_collection(text) is None


@pytest.mark.parametrize("text", ENDLESS)
def test_what_has_no_end_is_refused_as_endless(text: str) -> None:
    with pytest.raises(LinkError) as caught:
        parse_collection(text)
    assert caught.value.code == "endless"
    with pytest.raises(LinkError):
        linked_collection(find_links(text)[0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://vimeo.com/1", "unsupported_site"),
        ("words", "not_a_url"),
        (f"{YT}/watch?v=short", "bad_video_id"),
        (f"https://evil.example/playlist?list={PL}", "unsupported_site"),
        (f"https://me:x@www.youtube.com/playlist?list={PL}", "unsupported_site"),
    ],
)
def test_what_is_no_link_of_youtubes_keeps_its_own_refusal(
    text: str, code: str
) -> None:
    with pytest.raises(LinkError) as caught:
        parse_collection(text)
    assert caught.value.code == code


def test_urls_are_rebuilt_from_the_name_alone() -> None:
    urls = [
        (CollectionLink("playlist", PL), f"{YT}/playlist?list={PL}"),
        (CollectionLink("album", ALBUM), f"{YT}/playlist?list={ALBUM}"),
        (
            CollectionLink("album", "MPREb_x"),
            "https://music.youtube.com/browse/MPREb_x",
        ),
        (CollectionLink("channel", UC, "videos"), f"{YT}/channel/{UC}/videos"),
        (CollectionLink("channel", "@n", "shorts"), f"{YT}/@n/shorts"),
        (CollectionLink("channel", "c/n", "videos"), f"{YT}/c/n/videos"),
    ]
    assert [link.url for link, _ in urls] == [url for _, url in urls]


def test_the_same_list_twice_in_a_text_is_one() -> None:
    url = f"{YT}/playlist?list={PL}"
    assert len(find_links(f"[{url}]({url}) {url}&si=x")) == 1


def test_two_lists_in_a_text_are_two() -> None:
    text = f"{YT}/playlist?list={PL} {YT}/@name {YT}/@name/shorts"
    keys = [found and found.key for found in map(linked_collection, find_links(text))]
    assert keys == [f"playlist:{PL}", "channel:@name/videos", "channel:@name/shorts"]
