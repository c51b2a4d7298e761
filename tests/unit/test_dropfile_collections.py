"""Playlists and channels in every kind of drop: taken, or mentioned only."""

import json

import pytest

from ytaudio_daemon.downloader.selection_input import checked_selection
from ytaudio_daemon.dropfile import DropKind, DropLine, parse
from ytaudio_daemon.dropfile.link_target import single_target
from ytaudio_daemon.dropfile.session_defaults import parse_session_defaults
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.selection import Selection

VIDEO = "https://youtu.be/AAAAAAAAAAA"
LIST = "https://www.youtube.com/playlist?list=PL0000000001"
CHANNEL = "https://www.youtube.com/@nina"


def entries(text: str, kind: DropKind = DropKind.TEXT) -> list[DropLine]:
    return list(parse(text.encode(), kind))


def asked(text: str, kind: DropKind) -> list[str | None]:
    """Return what each entry asks for, or the code of its refusal."""
    return [
        entry.code
        or (entry.collection.key if entry.collection else None)
        or (entry.link.video_id if entry.link else None)
        for entry in entries(text, kind)
    ]


def selection(entry: DropLine) -> Selection:
    return Selection.from_layer(entry.layer)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DropKind.TEXT, f"{LIST}\n{CHANNEL}\n"),
        (DropKind.M3U, f"#EXTM3U\n{LIST}\n{CHANNEL}\n"),
        (DropKind.MARKDOWN, f"# Mine\n- [List]({LIST})\n- see **{CHANNEL}**\n"),
        (DropKind.TABLE, f"Name,Link\nMine,{LIST}\nNina,{CHANNEL}\n"),
        (DropKind.JSON, json.dumps([LIST, {"url": CHANNEL, "title": "Nina"}])),
        (DropKind.JSON, json.dumps({"songs": [{"url": LIST}, CHANNEL]}, indent=1)),
        (DropKind.JSONL, f'"{LIST}"\n{{"url": "{CHANNEL}", "format": "opus"}}\n'),
    ],
)
def test_a_collection_is_taken(kind: DropKind, text: str) -> None:
    assert asked(text, kind) == ["playlist:PL0000000001", "channel:@nina/videos"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DropKind.HTML, f'<ul><li><a href="{CHANNEL}">Nina</a></ul>'),
        (DropKind.TABLE, f"Channel Id,Channel Url,Title\nUCx,{CHANNEL},Nina\n"),
        (DropKind.JSON, json.dumps([{"uri": CHANNEL, "dateAdded": 1}])),
        (DropKind.JSON, json.dumps([{"service_id": 0, "url": CHANNEL, "name": "N"}])),
        (DropKind.JSON, json.dumps([{"by": [{"url": CHANNEL, "name": "N"}], "at": 1}])),
        (DropKind.JSONL, json.dumps({"message": f"look: {CHANNEL}", "date": "x"})),
    ],
)
def test_where_it_is_mentioned_only_the_reason_says_what_to_do(
    kind: DropKind, text: str
) -> None:
    (entry,) = entries(text, kind)
    assert (entry.code, entry.collection) == ("not_a_video", None)
    assert "on a line of its own in a text file" in entry.message


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DropKind.TABLE, f"Channel Id,Channel Url,list\nUCx,{CHANNEL},yes\n"),
        (DropKind.JSON, json.dumps([{"uri": CHANNEL, "dateAdded": 1, "list": "yes"}])),
        (DropKind.MARKDOWN, f"{VIDEO} by {CHANNEL} list=yes"),
    ],
)
def test_list_yes_takes_it_there(kind: DropKind, text: str) -> None:
    assert "channel:@nina/videos" in asked(text, kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (DropKind.TABLE, f"Link,Channel\n{VIDEO},{CHANNEL}\n"),
        (DropKind.JSON, json.dumps([{"url": VIDEO, "channel_url": CHANNEL}])),
        (DropKind.TABLE, f"Link\n{VIDEO}&list=PL0000000001\n"),
        (DropKind.JSON, json.dumps([f"{VIDEO}?list=PL0000000001"])),
        (DropKind.MARKDOWN, f"[x]({VIDEO}?list=PL0000000001)"),
    ],
)
def test_a_video_with_its_channel_or_list_is_one_video(
    kind: DropKind, text: str
) -> None:
    assert asked(text, kind) == ["AAAAAAAAAAA"]


def test_columns_of_a_table_select_entries_where_a_collection_is_named() -> None:
    text = (
        f"Link,items,order,format\n{LIST},1-3,reverse,opus\n{VIDEO},17,second,opus\n"
        f"{LIST},5-2,,\n"
    )
    first, second, third = entries(text, DropKind.TABLE)
    assert selection(first) == Selection(items=((1, 3),), order="reverse")
    assert second.code is None
    assert dict(second.layer) == {"format": "opus"}
    assert third.code == "bad_option"
    assert "the lower one first" in third.message


EMPTY_RANGES = [
    ("min=5m max=2m", "min=5m is longer than max=2m"),
    ("since=2026-05-01 until=2026-01-31", "since=2026-05-01 is after until=2026-01-31"),
]


@pytest.mark.parametrize(("options", "message"), EMPTY_RANGES)
@pytest.mark.parametrize(
    "form", ["{list} {options}", "{list}\n  {options}", "{first}\n{list} {last}"]
)
def test_limits_with_nothing_between_are_refused(
    options: str, message: str, form: str
) -> None:
    first, last = options.split()
    text = form.format(list=LIST, options=options, first=first, last=last)
    refused = [each for each in entries(text) if each.code]
    assert [each.code for each in refused] == ["bad_option"]
    assert message in refused[0].message


@pytest.mark.parametrize(("options", "message"), EMPTY_RANGES)
def test_limits_for_the_lines_below_are_refused_where_they_stand(
    options: str, message: str
) -> None:
    refused, taken = entries(f"{options}\n{LIST}\n")
    assert (refused.line, refused.code) == (1, "bad_option")
    assert refused.message.startswith(message)
    assert taken.code is None


@pytest.mark.parametrize(("options", "message"), EMPTY_RANGES)
def test_limits_with_nothing_between_are_refused_in_every_other_form(
    options: str, message: str
) -> None:
    given = dict(option.split("=") for option in options.split())
    (entry,) = entries(json.dumps({"url": LIST, **given}), DropKind.JSONL)
    row = f"Link,{','.join(given)}\n{LIST},{','.join(given.values())}\n"
    (table_row,) = entries(row, DropKind.TABLE)
    target = single_target(LIST, given)
    assert entry.code == table_row.code == "bad_option"
    assert target.problem is not None
    for each in (entry.message, table_row.message, target.problem.message):
        assert each.startswith(message)
    toml = "".join(f'{key} = "{value}"\n' for key, value in given.items())
    with pytest.raises(OptionError, match=message):
        parse_session_defaults(toml.encode())
    with pytest.raises(UsageError, match=message):
        checked_selection(given)


@pytest.mark.parametrize(
    "options", ["min=2m max=2m", "since=2026-01-31 until=2026-01-31"]
)
def test_equal_limits_are_taken(options: str) -> None:
    (entry,) = entries(f"{LIST} {options}")
    assert entry.code is None


def test_everyday_words_do_not_make_a_second_header() -> None:
    text = "Video ID,Title\nAAAAAAAAAAA,x\nmax,not\nBBBBBBBBBBB,y\n"
    assert asked(text, DropKind.TABLE) == ["AAAAAAAAAAA", "BBBBBBBBBBB"]


def test_a_column_named_list_may_hold_the_links() -> None:
    assert asked(f"list,note\n{LIST},x\n", DropKind.TABLE) == ["playlist:PL0000000001"]


def test_fields_of_json_of_ones_own_select_entries() -> None:
    own = {"url": LIST, "items": "2-", "not": "trailer", "max": 90}
    (entry,) = entries(json.dumps(own), DropKind.JSONL)
    assert selection(entry) == Selection(
        items=((2, None),), not_match="trailer", max_s=90
    )


@pytest.mark.parametrize("field", ["order", "items", "max", "list", "match"])
def test_everyday_words_beside_a_video_are_no_options(field: str) -> None:
    own = {"url": VIDEO, field: "third"}
    (entry,) = entries(json.dumps(own), DropKind.JSONL)
    assert (entry.code, dict(entry.layer)) == (None, {})
    (row,) = entries(f"link,{field}\n{VIDEO},third\n", DropKind.TABLE)
    assert (row.code, dict(row.layer)) == (None, {})


def test_what_ytdlp_writes_about_a_playlist_is_its_videos() -> None:
    text = json.dumps(
        {
            "_type": "playlist",
            "webpage_url": LIST,
            "entries": [{"_type": "url", "url": VIDEO, "channel_url": CHANNEL}],
        }
    )
    assert asked(text, DropKind.JSON) == ["AAAAAAAAAAA"]
