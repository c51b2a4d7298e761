"""Tables, web pages, Markdown and players' playlists."""

import pytest

from ytaudio_daemon.dropfile import DropKind, DropLine, parse

A = "https://youtu.be/AAAAAAAAAAA"
B = "https://youtu.be/BBBBBBBBBBB"


def entries(text: str, kind: DropKind) -> list[DropLine]:
    return list(parse(text.encode(), kind))


def results(text: str, kind: DropKind) -> list[tuple[str, str | None, str | None]]:
    return [
        (
            entry.place,
            entry.link.video_id if entry.link else None,
            "off" if entry.is_switched_off else entry.code,
        )
        for entry in entries(text, kind)
    ]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_any_column_of_a_table_may_hold_links(delimiter: str) -> None:
    rows = [
        ("Title", "Link", "Length"),
        ('"a, b; c"', A, "3:45"),
        ("none", "", ""),
        (A, f"{A}?t=3", B),
        ("x", "https://www.youtube.com/watch?feature=a&amp;v=CCCCCCCCCCC", "y"),
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    assert results(text, DropKind.TABLE) == [
        ("2", "AAAAAAAAAAA", None),
        ("4.1", "AAAAAAAAAAA", None),
        ("4.2", "BBBBBBBBBBB", None),
        ("5", "CCCCCCCCCCC", None),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Video ID",
        "videoId",
        "id",
        "Video-ID",
        "ID de la vidéo",
        "youtube_id",
        "MediaId",
    ],
)
def test_a_column_of_ids_makes_them_good(name: str) -> None:
    text = f"Title,{name}\nx,AAAAAAAAAAA\ny,short\nz, BBBBBBBBBBB \n"
    assert results(text, DropKind.TABLE) == [
        ("2", "AAAAAAAAAAA", None),
        ("4", "BBBBBBBBBBB", None),
    ]


def test_without_such_a_name_ids_are_refused_with_their_links() -> None:
    assert results("a,b\nx,dQw4w9WgXcQ\n", DropKind.TABLE) == [
        ("2", "dQw4w9WgXcQ", "bare_id")
    ]


def test_a_column_named_like_an_option_is_one() -> None:
    text = f"url,format,tag.artist\n{A},opus,Nina Simone\n{B},,\n{A},mp4,x\n"
    good, plain, bad = entries(text, DropKind.TABLE)
    assert good.layer == {"format": "opus", "tag.artist": "Nina Simone"}
    assert (plain.layer, plain.code) == ({}, None)
    assert (bad.code, dict(bad.layer)) == ("bad_option", {"tag.artist": "x"})


def test_a_link_in_a_column_of_options_counts_where_there_is_no_other() -> None:
    text = f"url,filename,tag.comment\n,{A},\n,,{B}\n{A},,{B}\n"
    assert results(text, DropKind.TABLE) == [
        ("2", "AAAAAAAAAAA", "bad_option"),
        ("3", "BBBBBBBBBBB", None),
        ("4", "AAAAAAAAAAA", None),
    ]


def test_cells_may_go_over_several_lines_and_quotes_may_be_wrong() -> None:
    text = f'title;url\n"two\nlines ""here""";{A}\n12" mix;{B}\n"open;{A}\nx;{B}\n'
    found = results(text, DropKind.TABLE)
    assert [video for _, video, _ in found] == [
        "AAAAAAAAAAA",
        "BBBBBBBBBBB",
        "AAAAAAAAAAA",
        "BBBBBBBBBBB",
    ]
    assert [place for place, _, _ in found[:2]] == ["2", "4"]


def test_a_sign_before_the_names_of_columns_is_no_comment() -> None:
    for names in ("#,Title,Video ID,format", "# Nr,Title,Video ID,format"):
        (entry,) = entries(f"{names}\n1,x,AAAAAAAAAAA,opus\n", DropKind.TABLE)
        assert (entry.line, entry.code, entry.layer) == (2, None, {"format": "opus"})


def test_an_id_beside_a_foreign_link_is_offered_too() -> None:
    text = "a,b\ndQw4w9WgXcQ,https://x.test/1.jpg\ndQw4w9WgXcQ," + A + "\n"
    assert results(text, DropKind.TABLE) == [
        ("2.1", "dQw4w9WgXcQ", "bare_id"),
        ("2.2", None, "unsupported_site"),
        ("3", "AAAAAAAAAAA", None),
    ]


def test_a_channel_beside_its_video_is_no_line_of_its_own() -> None:
    channel = "https://www.youtube.com/channel/UCx"
    text = f"a,b\n{A},{channel}\nx,{channel}\n{B},https://vimeo.com/1\n"
    assert results(text, DropKind.TABLE) == [
        ("2", "AAAAAAAAAAA", None),
        ("3", None, "not_a_video"),
        ("4.1", "BBBBBBBBBBB", None),
        ("4.2", None, "unsupported_site"),
    ]


def test_a_comment_of_a_table_is_switched_off() -> None:
    text = f"#,Title,Link\n1,x,{A}\n# {B}\n#2,x,{B}\n"
    assert results(text, DropKind.TABLE) == [
        ("2", "AAAAAAAAAAA", None),
        ("3", "BBBBBBBBBBB", "off"),
        ("4", "BBBBBBBBBBB", None),
    ]


def test_what_can_be_clicked_on_a_page_is_taken_or_refused() -> None:
    text = f"""<html><head><link rel="icon" href="https://www.youtube.com/favicon.ico">
<script>var a = "{B}"</script><style>@import "{B}"</style></head>
<p><a class=x href="{A}&amp;list=PLx">{A}</a> by <a href='https://www.youtube.com/@x'>x</a>
<p><a href=https://vimeo.com/1>v</a> <img src="https://i.ytimg.com/vi/CCCCCCCCCCC/0.jpg">
<!-- <a href="{B}">no</a> -->
<p><iframe src="//www.youtube.com/embed/DDDDDDDDDDD"></iframe> and {B}
<p><a href="/watch?v=EEEEEEEEEE1">relative</a> <a href="#top">top</a>
<p><a href="{A}"""
    assert results(text, DropKind.HTML) == [
        ("3", "AAAAAAAAAAA", None),
        ("4", None, "unsupported_site"),
        ("5", "BBBBBBBBBBB", "off"),
        ("6.1", "DDDDDDDDDDD", None),
        ("6.2", "BBBBBBBBBBB", None),
        ("7", "EEEEEEEEEE1", "bare_id"),
        ("8", "AAAAAAAAAAA", None),
    ]


def test_headings_and_prose_of_markdown_are_neither_comments_nor_refused() -> None:
    text = f"# My [song]({A})\n\nprose\n- {B} format=opus\n  words\n<!-- {A} -->\n"
    assert results(text, DropKind.MARKDOWN) == [
        ("1", "AAAAAAAAAAA", None),
        ("4", "BBBBBBBBBBB", None),
        ("6", "AAAAAAAAAAA", "off"),
    ]


def test_files_and_directives_of_a_playlist_are_not_mentioned() -> None:
    text = f"""#EXTM3U
#EXTINF:213 logo="https://i.ytimg.com/vi/CCCCCCCCCCC/0.jpg",Artist - Song
{A}
#{B}
../Music/song.mp3
"""
    assert results(text, DropKind.M3U) == [
        ("3", "AAAAAAAAAAA", None),
        ("4", "BBBBBBBBBBB", "off"),
    ]
