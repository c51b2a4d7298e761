"""Links: what is accepted, and by which code the rest is refused."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ytaudio_daemon.urls import Link, LinkError, address, parse_link, parse_plain_link

ID = "dQw4w9WgXcQ"

ACCEPTED = [
    f"https://www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YouTube.COM/watch?v={ID}",
    f"http://youtube.com/watch?v={ID}",
    f"www.youtube.com/watch?v={ID}&list=PLx&si=y",
    f"m.youtube.com/watch?list=PLx&v={ID}",
    f"//m.youtube.com/watch?v={ID}",
    f"https://music.youtube.com/watch?v={ID}",
    f"https://www.youtube.com/watch?v={ID}#t=30",
    f"https://www.youtube.com/watch?v={ID}&v=AAAAAAAAAAA",
    f"https://www.youtube.com/watch?app=desktop&v={ID}&v=AAAAAAAAAAA",
    f"https://www.youtube.com/watch/?app=desktop&v={ID}",
    f"https://youtu.be/{ID}",
    f"https://youtu.be/{ID}/",
    f"youtu.be/{ID}?t=3",
    f"youtu.be/watch?v={ID}",
    f"https://youtube.com/shorts/{ID}?feature=share",
    f"https://youtube.com/live/{ID}",
    f"https://youtube.com/embed/{ID}",
    f"https://youtube.com/v/{ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"  youtu.be/{ID}\n",
    f"https://www.youtube.com/e/{ID}",
    f"https://www.youtube.com/w/{ID}",
    f"https://www.youtube.com/watch/{ID}",
    f"https://www.youtube.com/?v={ID}",
    f"https://www.youtube.com/watch_popup?v={ID}",
    f"https://www.youtube.com/movie?v={ID}",
    f"https://www.youtube.com/watch.php?v={ID}",
    f"https://www.youtube.com/Watch?V={ID}",
    f"https://www.youtube.com/watch#!v={ID}",
    f"https://m.youtube.com/#/watch?v={ID}",
    f"https://www.youtube.com/user/Name#p/u/5/{ID}",
    f"https://www.youtube.com/v/{ID}&hl=en_US&fs=1",
    f"https://www.youtube.com/watch?v=&v={ID}",
    f"https://www.youtube.com/watch?feature=x;v={ID}",
    f"https://youtu.be/{ID}&t=3",
    f"https://youtu.be//{ID}",
    f"https://www.youtube.com/watch?v={ID}?t=3",
    f"https://www.youtube.com/watch?v={ID}+EXTRA",
    f"https://www.youtube.com/watch?v={ID}/",
    f"https://youtube.com:443/watch?v={ID}",
    f"http://youtube.com:80/watch?v={ID}",
    f"https://youtube.com./watch?v={ID}",
    f"https://de.youtube.com/watch?v={ID}",
    f"https://studio.youtube.com/video/{ID}/edit",
    f"https://www.youtubekids.com/watch?v={ID}",
    f"https://m.youtu.be/{ID}",
    f"http://https://youtu.be/{ID}",
    f"https//youtu.be/{ID}",
    f"https://www.google.com/url?q=https://youtu.be/{ID}&sa=D",
    f"https://consent.youtube.com/m?continue=https%3A%2F%2Fyoutu.be%2F{ID}",
    f"https://www.youtube.com/redirect?q=https%3A%2F%2Fyoutu.be%2F{ID}&v=BBBBBBBBBBB",
    f"https://www.youtube.com/attribution_link?u=%2Fwatch%3Fv%3D{ID}%26feature%3Dx",
    f"https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{ID}",
    f"https://www.youtube.com/watch?feature=share&amp;v={ID}",
    rf"https:\/\/www.youtube.com\/watch\?v\={ID}",
]

#: Refused, but with YouTube's own link.
MENDED = [
    (ID, "bare_id"),
    (f"youtube:{ID}", "bare_id"),
    (f"vnd.youtube://{ID}", "bare_id"),
    (f"/watch?v={ID}", "bare_id"),
    (f"ftp://youtube.com/watch?v={ID}", "mirror"),
    (f"https://youtube.com.evil.example/watch?v={ID}", "mirror"),
    (f"https://evil.example/youtube.com/watch?v={ID}", "mirror"),
    (f"https://notyoutube.com/watch?v={ID}", "mirror"),
    (f"https://invidious.example/watch?v={ID}&local=true", "mirror"),
    (f"https://invidious.example/embed/{ID}", "mirror"),
    (f"https://piped.video/#/watch?v={ID}", "mirror"),
    (f"https://i.ytimg.com/vi/{ID}/hqdefault.jpg", "mirror"),
    (f"https://img.youtube.com/vi/{ID}/0.jpg", "mirror"),
    (f"plugin://plugin.video.youtube/play/?video_id={ID}", "mirror"),
    (f"https://www.youtube.com/watch?v=3D{ID}", "bad_video_id"),
]

REFUSED = [
    ("", "not_a_url"),
    ("hello", "not_a_url"),
    ("http://", "not_a_url"),
    ("http://[::1", "not_a_url"),
    ("javascript:alert(1)", "not_a_url"),
    ("file:///etc/passwd", "not_a_url"),
    (f"ytsearch:{ID}", "not_a_url"),
    (f"https://youtu.be/{ID[:5]}\t{ID[5:]}", "not_a_url"),
    (f"https://youtu.be/{ID}\x00", "not_a_url"),
    ("https://youtu.be/" + "A" * 9000, "not_a_url"),
    ("https://vimeo.com/1", "unsupported_site"),
    (f"https://youtube.com@evil.example/watch?v={ID}", "unsupported_site"),
    (f"https://me:secret@youtube.com/watch?v={ID}", "unsupported_site"),
    (f"https://@youtube.com/watch?v={ID}", "unsupported_site"),
    (f"https://youtube.com\\@evil.example/watch?v={ID}", "unsupported_site"),
    (f"https://youtube.com:8080/watch?v={ID}", "unsupported_site"),
    ("https://consent.youtube.com/m?continue=http://169.254.169.254", "not_a_video"),
    (f"https://www.youtube.com/redirect?q=https://vimeo.com/1&v={ID}", "not_a_video"),
    ("https://www.youtube.com/watch_videos?video_ids=AAAAAAAAAAA", "not_a_video"),
    ("https://music.youtube.com/browse/MPREb_abc", "not_a_video"),
    ("http://127.0.0.1/", "unsupported_site"),
    ("youtube.com", "not_a_video"),
    ("https://www.youtube.com/watch", "not_a_video"),
    ("https://www.youtube.com/watch?list=PLx", "not_a_video"),
    ("https://www.youtube.com/playlist?list=PLx", "not_a_video"),
    ("https://www.youtube.com/@name", "not_a_video"),
    ("https://www.youtube.com/channel/UCx", "not_a_video"),
    ("https://www.youtube.com/embed/videoseries?list=PLx", "not_a_video"),
    ("https://www.youtube.com/embed/live_stream?channel=UCx", "not_a_video"),
    ("https://www.youtube.com/shorts/videoseries", "not_a_video"),
    ("https://youtu.be/", "not_a_video"),
    (f"https://youtu.be/{ID}/{ID}", "not_a_video"),
    (f"https://www.youtube.com/oops/{ID}", "not_a_video"),
    ("https://youtu.be/dQw4w9WgXc", "bad_video_id"),
    (f"https://youtu.be/{ID}X", "bad_video_id"),
    ("https://www.youtube.com/watch?v=", "bad_video_id"),
    ("https://youtu.be/ÄÖÜäöüÄÖÜäö", "bad_video_id"),
    ("https://youtu.be/١٢٣٤٥٦٧٨٩٠١", "bad_video_id"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_a_link_to_one_video_is_rebuilt_from_its_id(text: str) -> None:
    assert parse_link(text) == Link(ID)
    assert parse_link(text).url == f"https://www.youtube.com/watch?v={ID}"


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_anything_else_is_refused_by_a_code(text: str, code: str) -> None:
    with pytest.raises(LinkError) as refusal:
        parse_link(text)
    assert refusal.value.code == code
    assert "youtu" in refusal.value.message or code == "bad_video_id"
    assert "secret" not in refusal.value.message
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize(("text", "code"), MENDED)
def test_what_only_shows_a_video_is_refused_with_its_own_link(
    text: str, code: str
) -> None:
    with pytest.raises(LinkError) as refusal:
        parse_link(text)
    assert (refusal.value.code, refusal.value.link) == (code, Link(ID))


def test_several_links_are_not_one() -> None:
    with pytest.raises(LinkError, match="2 links"):
        parse_link(f"https://youtu.be/{ID}https://youtu.be/AAAAAAAAAAA")
    again = f"https://youtu.be/{ID}https://www.youtube.com/watch?v={ID}"
    assert parse_link(again) == Link(ID)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_three_layers_of_wrappers_and_escapes_come_off(layers: int) -> None:
    text = f"https://youtu.be/{ID}"
    for _ in range(layers):
        text = f"https://www.google.com/url?q={quote(text, safe='')}"
    assert parse_link(text) == Link(ID)
    with pytest.raises(LinkError):
        parse_link("https://www.google.com/url?q=" * 4 + text)


def test_playlists_are_refused_with_the_word_that_people_look_for() -> None:
    with pytest.raises(LinkError, match="single videos only"):
        parse_link("https://www.youtube.com/playlist?list=PLx")


_PIECES = st.sampled_from(
    [
        *("https://", "http://", "HTTP://", "//", "www.", "m.", "music.", "x."),
        *("youtube.com", "youtu.be", "/", "watch", "?v=", "&v=", "?", "&", "#", "%41"),
        *("shorts/", "live/", "embed/", "v/", ID, "videoseries", "AAAAAAAAAAA", "A"),
        *("list=PL", "@", ":443", "+", "\\", " ", "\n", "é", "[", "]"),
    ]
)


#: Close to what the fast way takes, and to what it must not.
_NEARLY_PLAIN = st.tuples(
    st.sampled_from(["", "http://", "https://", "//", "HTTPS://"]),
    st.sampled_from(["", "www.", "m.", "music.", "x."]),
    st.sampled_from(["youtube.com/", "youtu.be/", "youtube.com"]),
    st.sampled_from(["watch?v=", "watch/?v=", "shorts/", "live/", "v/", "", "watch?"]),
    st.sampled_from([ID, "videoseries", "live_stream", ID[:10], ID + "x"]),
    st.lists(
        st.sampled_from(
            ["&", "?", "#", "/", "v=", "v=AAAAAAAAAAA", "list=x", "+", "%"]
        ),
        max_size=4,
    ).map("".join),
).map("".join)


@settings(max_examples=500)
@given(_NEARLY_PLAIN)
def test_the_fast_way_agrees_with_the_slow_one(text: str) -> None:
    fast = parse_plain_link(text)
    if fast is not None:
        assert address.parse_address(text) == fast


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=8).map("".join)))
def test_every_text_is_a_link_or_refused(text: str) -> None:
    try:
        link = parse_link(text)
    except LinkError:
        return
    assert parse_link(link.url) == link


@pytest.mark.parametrize(
    ("text", "is_music"),
    [
        (f"https://music.youtube.com/watch?v={ID}", True),
        (f"music.youtube.com/watch?v={ID}&list=RDAMVM{ID}", True),
        (f"https://music.youtube.com./watch?v={ID}", True),
        (f"https://music.youtube.com:443/watch?v={ID}", True),
        (f"https://www.youtube.com/watch?v={ID}", False),
        (f"https://youtu.be/{ID}", False),
    ],
)
def test_a_music_link_is_known_for_one_and_is_the_same_video(
    text: str, *, is_music: bool
) -> None:
    link = parse_link(text)
    assert link.is_music is is_music
    assert link == Link(ID)
    assert hash(link) == hash(Link(ID))
    assert link.url == f"https://www.youtube.com/watch?v={ID}"
