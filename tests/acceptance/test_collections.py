"""Playlists and albums: one line, its entries as jobs, and a receipt that says so."""

import mutagen

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids
from tests.acceptance.test_drops import schema
from tests.youtube import Channel, Playlist, Video, YouTube

PLAYLIST = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
ALBUM = "OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"
CHANNEL = "UCuAXFkgsw1L7xaCfnd5JJOw"


def link(list_id: str) -> str:
    return f"https://www.youtube.com/playlist?list={list_id}"


def test_an_album_becomes_audio_with_a_receipt_of_its_items(
    home: House, site: YouTube
) -> None:
    one, private, three = ids("ALB", 3)
    site.add(
        Video(id=one, title="First"),
        Video(id=private, status="private"),
        Video(id=three, title="Third"),
    )
    site.add_lists(
        Playlist(id=ALBUM, title="Pastel Blues", videos=(one, private, three, one))
    )
    home.drop("album", f"{link(ALBUM)}\nhttps://youtu.be/{three}\n")
    receipt = home.wait_receipt("album", completed=3, unfinished=0)
    schema("receipt").validate(receipt)
    album, single = receipt["lines"]
    collection = album["collection"]
    assert (collection["kind"], collection["title"]) == ("album", "Pastel Blues")
    assert [
        (item["position"], item["video_id"], item["state"], item["unavailable"])
        for item in collection["items"]
    ] == [
        (1, one, "completed", None),
        (2, private, None, "private"),
        (3, three, "completed", None),
    ]
    assert (single["collection"], single["job"]) == (
        None,
        collection["items"][2]["job"],
    )
    file = home.inbox / "album" / "processed" / "songs.txt.receipt.txt"
    row = "      1  2 of 3 done, 1 not available      Pastel Blues\n"
    told = home.wait(lambda: row in (text := file.read_text()) and text)
    assert "    1.2  not available: private" in told
    job = home.jobs("album")[one]
    assert job["collection"] == {
        "id": collection["id"],
        "title": "Pastel Blues",
        "kind": "album",
        "position": 1,
        "count": collection["count"],
    }
    session = home.session("album")
    schema("session").validate(session)
    (shown,) = session["collections"]
    assert (shown["id"], shown["state"]) == (collection["id"], "completed")
    assert "Pastel Blues, album, no. 1" in home.must("show", job["id"])
    _see_the_album_in_the_library(home)


def _see_the_album_in_the_library(home: House) -> None:
    shelf = home.library / "album"
    playlist = shelf / "Pastel Blues.m3u8"
    home.wait(lambda: playlist.exists() and playlist.read_text().count("#EXTINF") == 2)
    lines = playlist.read_text().splitlines()
    songs = [shelf / line for line in lines if not line.startswith("#")]
    assert all(song.is_file() for song in songs)
    assert any(line.endswith("not available: private") for line in lines)
    first = mutagen.File(songs[0], easy=True)
    assert first["album"] == ["Pastel Blues"]
    assert songs[0].parent.name.endswith("Pastel Blues")
    assert (songs[0].parent / "cover.jpg").is_file()


def test_a_playlist_of_250_survives_a_daemon_killed_between_two_pages(
    open_house: Opener, site: YouTube
) -> None:
    videos = ids("LNG", 250)
    site.add(
        Video(id=videos[6], status="private"), Video(id=videos[106], status="removed")
    )
    listed = (*videos[:120], videos[3], *videos[120:])
    site.add_lists(Playlist(id=PLAYLIST, title="Long", videos=listed))
    # Enough tokens for two listings and the downloads between; then none: it is quiet.
    house = open_house(pace_burst="10", pace_per_hour="1")
    house.must("add", "--session", "long", link(PLAYLIST))
    house.wait(lambda: house.query("SELECT 1 FROM entries LIMIT 1"))
    house.kill()
    house.start()
    house.wait(lambda: house.query("SELECT state FROM collections") == [("completed",)])
    entries = house.query("SELECT video_id, unavailable FROM entries ORDER BY position")
    assert [video_id for video_id, _ in entries] == list(videos)
    assert {video_id: why for video_id, why in entries if why} == {
        videos[6]: "private",
        videos[106]: "deleted",
    }
    jobs = house.query("SELECT video_id FROM jobs")
    assert len(jobs) == len(set(jobs)) == 248
    (shown,) = house.session("long")["collections"]
    assert (shown["title"], shown["count"]) == ("Long", 251)
    house.must("ledger", "check")


def test_a_followed_channel_brings_what_comes_out(home: House, site: YouTube) -> None:
    old, new = ids("EPI", 2)
    site.add(Video(id=new, title="Episode"))
    site.add_lists(Channel(id=CHANNEL, name="Field notes", tabs={"videos": (old,)}))
    url = f"https://www.youtube.com/channel/{CHANNEL}"
    home.drop("notes", f"{url} follow=6h\n")
    mine = "SELECT uuid FROM collections WHERE kind = 'channel'"
    home.wait(lambda: home.query(f"{mine} AND state = 'completed'"))
    ((key,),) = home.query(mine)
    channel = Channel(id=CHANNEL, name="Field notes", tabs={"videos": (new, old)})
    site.add_lists(channel)
    home.must("subscriptions", "check", str(key))
    home.wait(lambda: list((home.library / "notes").rglob("*Episode.*")))
    assert [each.kind for each in site.requests()].count("feed") == 1
    assert list(home.jobs("notes")) == [new]
