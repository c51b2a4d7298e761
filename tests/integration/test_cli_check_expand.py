"""`check --expand` against the stand-in: what a file's collections would come to."""

from pathlib import Path
from typing import Literal

import pytest

from tests.forms import assert_described
from tests.integration.cli_rig import Rig
from tests.youtube import Playlist, Video, YouTube
from ytaudio_daemon.model.subscription import BEFORE_FOLLOWED, BEYOND_KEEP_LAST

LISTS = "https://www.youtube.com/playlist?list="
VIDEOS = tuple(f"CHX{number:08}" for number in range(5))
LONG, GONE = (f"PL{name:d<32}" for name in ("long", "gone"))


@pytest.fixture
def rig(tmp_path: Path, youtube: YouTube, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("YTAUDIO_DOWNLOAD_PROXY", youtube.proxy)
    monkeypatch.setenv("YTAUDIO_DOWNLOAD_CA_FILE", str(youtube.ca_file))
    youtube.default = Video(duration_s=300)
    youtube.add(Video(id=VIDEOS[4], status="private"))
    youtube.add_lists(
        Playlist(id=LONG, title="Long", videos=VIDEOS),
        Playlist(id=GONE, status="missing"),
    )
    return Rig(tmp_path / "root")


def write(rig: Rig, text: str) -> str:
    rig.root.mkdir(parents=True, exist_ok=True)
    file = rig.root / "list.txt"
    file.write_text(text)
    return str(file)


def test_collections_are_listed_summed_up_and_not_recorded(
    rig: Rig, youtube: YouTube
) -> None:
    file = write(rig, f"{LISTS}{LONG} items=2-\nhttps://youtu.be/{VIDEOS[0]}\n")
    plain = rig.call("check", "--expand", file)
    assert plain.code == 0, plain.err
    first, together = plain.out.splitlines()[-2:]
    assert first == (
        "line 1: Long: 3 of 5 in this playlist to download; 1 not available: private; "
        "1 not selected: 1 not among items; about 15 min of audio, some 20.6 MiB"
    )
    assert together == (
        "together: 3 items; about 15 min of audio, some 20.6 MiB; when it would be done is "
        "not known: no daemon has run here yet, so nobody knows how fast it goes"
    )
    document = rig.call("check", "--expand", file, "--json").json
    assert_described(document)
    first, second = document["lines"]
    assert (first["preview"]["items"], first["preview"]["count"]) == (3, 5)
    assert (second["preview"], first["preview_error"]) == (None, None)
    assert document["expanded"]["duration_s"] == 900
    assert not (rig.root / "state" / "ledger.sqlite3").exists()
    assert youtube.fetches(VIDEOS[1]) == 0


def test_a_list_that_cannot_be_read_is_told_and_the_others_count(rig: Rig) -> None:
    file = write(rig, f"{LISTS}{GONE}\n{LISTS}{LONG} max_items=2\n")
    ran = rig.call("check", "--expand", file)
    assert ran.code == 1
    gone, long, together = ran.out.splitlines()[-3:]
    assert gone.startswith(f"line 1: {LISTS}{GONE}: YouTube shows no such list")
    assert "the list goes on: max_items (now 2) or items takes more" in long
    assert together.startswith("together: 2 items; about 10 min of audio")
    document = rig.call("check", "--expand", file, "--json").json
    assert document["lines"][0]["preview_error"]["code"] == "no_such_list"


def test_a_list_that_is_followed_from_now_on_takes_nothing_of_what_it_has(
    rig: Rig,
) -> None:
    file = write(rig, f"{LISTS}{LONG} follow=1d\n{LISTS}{LONG} max_items=2\n")
    ran = rig.call("check", "--expand", file)
    assert ran.code == 0, ran.err
    followed, _, together = ran.out.splitlines()[-3:]
    assert followed.startswith("line 1: Long: 0 of 5 in this playlist to download; ")
    assert BEFORE_FOLLOWED in followed
    assert together.startswith("together: 2 items; ")


def test_the_first_look_at_a_followed_list_takes_no_more_than_keep_last(
    rig: Rig, youtube: YouTube
) -> None:
    years = dict(zip(VIDEOS, (2022, 2016, 2025, 2024, 2025), strict=True))
    for video_id, year in years.items():
        status: Literal["private", "ok"] = "private" if video_id == VIDEOS[4] else "ok"
        youtube.add(Video(id=video_id, status=status, upload_date=f"{year}-02-01"))
    options = "follow=1d since=2020-01-01 keep_last=2"
    ran = rig.call("check", "--expand", write(rig, f"{LISTS}{LONG} {options}\n"))
    assert ran.code == 0, ran.err
    assert "Long: 2 of 5 in this playlist to download; " in ran.out
    assert f"1 {BEYOND_KEEP_LAST}" in ran.out
    assert "1 older than 2020-01-01" in ran.out


def test_what_several_lines_ask_for_counts_once_together(rig: Rig) -> None:
    file = write(
        rig,
        f"{LISTS}{LONG}\n{LISTS}{LONG} items=2-3\n{LISTS}{LONG} items=1 format=m4a\n",
    )
    ran = rig.call("check", "--expand", file)
    assert ran.code == 0, ran.err
    second, _, together = ran.out.splitlines()[-3:]
    assert second.startswith("line 2: Long: 2 of 5 in this playlist to download; ")
    assert together.startswith("together: 5 items; about 25 min of audio")
    document = rig.call("check", "--expand", file, "--json").json
    assert document["expanded"]["items"] == 5
    assert [line["preview"]["items"] for line in document["lines"]] == [4, 2, 1]


def test_without_expand_nothing_is_asked(rig: Rig, youtube: YouTube) -> None:
    document = rig.call("check", write(rig, f"{LISTS}{LONG}\n"), "--json").json
    assert document["expanded"] is None
    assert document["lines"][0]["preview"] is None
    assert youtube.requests(kind="list") == []
