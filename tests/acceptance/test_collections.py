"""Playlists and albums: one line, its entries as jobs, and a receipt that says so."""

from tests.acceptance.rig import House, ids
from tests.acceptance.test_drops import schema
from tests.youtube import Playlist, Video, YouTube

ALBUM = "OLAK5uy_kmPRjHDECIcuVwnKsx2Ng7fyNgFKWNJFs"


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
    told = (home.inbox / "album" / "processed" / "songs.txt.receipt.txt").read_text()
    assert "      1  2 of 3 done, 1 not available      Pastel Blues\n" in told
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
