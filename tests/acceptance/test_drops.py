"""Drops of every form, from the file to the audio, the receipts and the library."""

import json
import plistlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import mutagen
import pytest
import referencing

import ytaudio_daemon
from tests.acceptance.conftest import Opener
from tests.acceptance.rig import House, ids, links
from tests.youtube import Video, YouTube

SCHEMAS = Path(ytaudio_daemon.__path__[0], "schemas")


def shipped(uri: str) -> referencing.Resource[Any]:
    content = json.loads((SCHEMAS / uri).read_bytes())
    return referencing.Resource.from_contents(content)


def schema(name: str) -> jsonschema.Draft202012Validator:
    registry = referencing.Registry(retrieve=shipped)  # type: ignore[call-arg] # attrs
    whole = shipped(f"ytaudio.{name}-1.json").contents
    return jsonschema.Draft202012Validator(whole, registry=registry)


def test_a_text_drop_becomes_tagged_audio_receipts_and_a_library(
    home: House, site: YouTube
) -> None:
    good, opus, gone, flac = ids("TXT", 4)
    site.add(
        Video(id=good, title="Süße 🎵 / 1"),
        Video(id=opus, formats={"opus"}, title="Second", duration_s=2),
        Video(id=gone, status="removed"),
    )
    path = home.drop(
        "text",
        "\ufeff# songs\r\n"
        "format=opus tag.genre=Soul\r\n"
        f"look https://youtu.be/{opus}?si=x\r\n"
        '    tag.title="Feeling Good" tag.artist="Nina Simone"\r\n'
        f"youtube.com/watch?v={good}&list=PL1 format=m4a\r\n"
        f"https://youtu.be/{gone}\r\n"
        f"https://youtu.be/{good} format=m4a priority=3\r\n"
        f"https://youtu.be/{flac} formt=red\r\n"
        "nonsense\r\n",
    )
    home.wait_done("text", 3)
    home.wait_filed(path)
    receipt = home.wait_receipt("text", completed=3, failed=1, unfinished=0)
    schema("receipt").validate(receipt)
    told = [(line["line"], line["result"], line["code"]) for line in receipt["lines"]]
    assert told == [
        (3, "accepted", None),
        (5, "accepted", None),
        (6, "accepted", None),
        (7, "duplicate", None),
        (8, "rejected", "unknown_option"),
        (9, "rejected", "not_a_url"),
    ]
    jobs = home.jobs("text")
    assert receipt["lines"][3]["job"] == jobs[good]["id"]
    tags = mutagen.File(jobs[opus]["output_path"]).tags
    assert tags["title"] == ["Feeling Good"]
    assert tags["artist"] == ["Nina Simone"]
    assert tags["genre"] == ["Soul"]
    shelf = sorted(p.name for p in (home.library / "text").iterdir())
    assert shelf == ["Feeling Good.opus", "Süße 🎵 - 1.m4a"]
    schema("session").validate(home.session("text"))
    schema("daemon").validate(home.daemon)
    schema("jobs").validate(json.loads(home.must("jobs", "--json", "-s", "text")))


def test_what_failed_stands_in_a_file_that_can_be_dropped_again(
    home: House, site: YouTube
) -> None:
    fine, gone = ids("AGAIN", 2)
    site.add(Video(id=gone, status="private"))
    path = home.drop(
        "again", f"https://youtu.be/{fine}\nhttps://youtu.be/{gone} tag.title=X\n"
    )
    home.wait_done("again", 2)
    failed = path.parent / "processed" / "songs.txt.failed.txt"
    text = home.wait(lambda: failed.exists() and failed.read_text())
    assert f"\nhttps://www.youtube.com/watch?v={gone} tag.title=X\n" in text
    assert "private" in text
    site.add(Video(id=gone))
    again = home.drop("again", text, "failed.txt")
    home.wait_filed(again)
    job = home.wait_for_state("again", gone, "completed")
    assert mutagen.File(job["output_path"]).tags["\xa9nam"] == ["X"]
    home.wait(lambda: not failed.exists())
    receipt = home.wait_receipt("again", completed=2)
    assert receipt["lines"][1]["error"] is None
    for_people = path.parent / "processed" / "songs.txt.receipt.txt"
    home.wait(lambda: "private" not in for_people.read_text())


FORMS: dict[str, Callable[[str], bytes]] = {
    "a.urls": lambda v: f"https://youtu.be/{v}\n".encode(),
    "b.LIST": lambda v: f"\ufeffyoutu.be/{v} format=m4a\r".encode("utf-16"),
    "c.jsonl": lambda v: json.dumps(
        {"url": f"https://youtu.be/{v}", "tag": {"artist": "A"}}
    ).encode(),
    "d.url": lambda v: f"[InternetShortcut]\r\nURL=https://youtu.be/{v}\r\n".encode(),
    "e.webloc": lambda v: plistlib.dumps({"URL": f"https://youtu.be/{v}"}),
    "f.webloc": lambda v: plistlib.dumps(
        {"URL": f"https://youtu.be/{v}"}, fmt=plistlib.FMT_BINARY
    ),
    "g.desktop": lambda v: (
        f"[Desktop Entry]\nType=Link\nName=x\nURL=https://youtu.be/{v}\n".encode()
    ),
    "h.txt": lambda v: b"\xfe\xff" + f"https://youtu.be/{v}\n".encode("utf-16-be"),
}


def test_every_form_of_a_drop(home: House) -> None:
    videos = ids("FORM", len(FORMS))
    paths = [
        home.drop("forms", content(video), name)
        for (name, content), video in zip(FORMS.items(), videos, strict=True)
    ]
    assert home.wait_done("forms", len(FORMS))["completed"] == len(FORMS)
    for path in paths:
        home.wait_filed(path)
    assert set(home.jobs("forms")) == set(videos)
    assert home.jobs("forms")[videos[2]]["options"]["tags"] == {"artist": "A"}


def test_a_file_straight_in_the_inbox_belongs_to_the_default_session(
    home: House,
) -> None:
    [video] = ids("ROOT", 1)
    path = home.drop("", links([video]), "root.txt")
    home.wait_for_state("default", video, "completed")
    assert home.wait_filed(path).parent == home.inbox / "processed"
    home.wait((home.inbox / "processed/root.txt.receipt.txt").exists)


def test_defaults_of_a_session_and_what_happens_while_they_are_wrong(
    home: House, site: YouTube
) -> None:
    [video] = ids("DFLT", 1)
    site.add(Video(id=video, formats={"opus"}))
    folder = home.inbox / "defaults"
    folder.mkdir()
    (folder / "defaults.toml").write_text('format = "opsu"\n')
    path = home.drop("defaults", f"https://youtu.be/{video}\n")
    [other] = ids("DFLTOTHER", 1)
    home.drop("beside", links([other]))
    home.wait_for_state("beside", other, "completed")

    problem = home.wait(lambda: home.problem("drop_waits"))
    assert "inbox/defaults/songs.txt" in problem["message"]
    assert "defaults.toml" in problem["message"]
    assert path.exists()
    # Whole at once: at `settle` 0 a file that was just emptied counts as written.
    (folder / ".new").write_text('format = "opus"\n[tag]\ngenre = "Jazz"\n')
    (folder / ".new").rename(folder / "defaults.toml")
    job = home.wait_for_state("defaults", video, "completed")
    assert job["options"]["format"] == "opus"
    assert mutagen.File(job["output_path"]).tags["genre"] == ["Jazz"]
    home.wait(lambda: not home.problem("drop_waits"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("prose.txt", b"no links in here\nnone\n", "2 lines"),
        ("binary.txt", bytes(range(256)) * 64, "binary"),
        ("remarks.txt", b"# only remarks\n\n", "no link"),
        ("bad.webloc", b"<plist>", "property list"),
        ("app.desktop", b"[Desktop Entry]\nType=Application\n", "Type=Link"),
    ],
)
def test_a_drop_without_use_is_rejected_as_it_is(
    home: House, name: str, content: bytes, reason: str
) -> None:
    path = home.drop("useless", content, name)
    assert home.wait_filed(path, "rejected").read_bytes() == content
    told = path.parent / "rejected" / f"{name}.reason.txt"
    assert reason in home.wait(lambda: told.exists() and told.read_text())


def test_a_name_that_is_taken_gets_a_number(home: House) -> None:
    first, second, third = ids("NAME", 3)
    for video, filed in (
        (first, "songs.txt"),
        (second, "songs.2.txt"),
        (third, "songs.3.txt"),
    ):
        path = home.drop("names", links([video]))
        there = path.parent / "processed" / filed
        home.wait(there.exists)
        assert there.read_text() == links([video])
        home.wait_receipt("names", filed, accepted=1)
    home.wait_done("names", 3)
    assert home.receipt("names")["lines"][0]["text"] == links([first]).strip()


def test_the_same_link_again_is_a_duplicate_until_its_file_is_gone(
    home: House, site: YouTube
) -> None:
    [video] = ids("SAME", 1)
    home.wait_filed(home.drop("same", links([video, video])))
    job = home.wait_for_state("same", video, "completed")
    home.wait_filed(home.drop("same", links([video]), "later.txt"))
    again = home.wait_receipt("same", "later.txt", duplicate=1)
    assert again["lines"][0]["result"] == "duplicate"
    assert again["lines"][0]["job"] == job["id"]
    assert site.fetches(video) == 1
    Path(job["output_path"]).unlink()
    home.drop("same", links([video]), "gone.txt")
    site.wait_for(video, "media", count=2, finished=True)
    home.wait(lambda: Path(job["output_path"]).exists())
    assert home.wait_for_state("same", video, "completed")["id"] == job["id"]


def test_a_kept_file_is_taken_again_only_when_it_has_grown(
    open_house: Opener, site: YouTube
) -> None:
    one, two = ids("KEEP", 2)
    house = open_house(inbox_after_intake="keep")
    path = house.drop("list", links([one]))
    house.wait_done("list", 1)
    house.stop()
    house.start()
    with path.open("a") as file:
        file.write(links([two]))
    house.wait_done("list", 2)
    assert path.exists()
    assert [site.fetches(video) for video in (one, two)] == [1, 1]
    lines = house.query("SELECT drop_id, line FROM lines ORDER BY drop_id, line")
    assert [line for _, line in lines] == [1, 2]


def test_a_kept_file_stays_whatever_is_added_to_it(open_house: Opener) -> None:
    house = open_house(inbox_after_intake="keep")
    path = house.drop("list", links(ids("STAYS", 1)))
    wait_kept(house, 1)
    for times, more in ((2, "# a comment\n"), (3, "no link\n")):
        with path.open("a") as file:
            file.write(more)
        wait_kept(house, times)
        assert path.exists()


def wait_kept(house: House, times: int) -> None:
    """Wait until a file has been taken, and left in place, so often."""
    query = "SELECT count(*) FROM drops WHERE state = 'kept'"
    house.wait(lambda: house.query(query) == [(times,)])


def test_a_slowly_written_file_is_never_taken_too_early(open_house: Opener) -> None:
    house = open_house(inbox_settle="3s")
    videos = ids("SLOW", 6)
    path = house.inbox / "slow" / "songs.txt"
    path.parent.mkdir()
    path.touch()  # as file managers do
    with path.open("a") as file:
        for video in videos:
            file.write(f"https://youtu.be/{video[:5]}")
            file.flush()
            assert_stays(house, path)
            file.write(f"{video[5:]}\n")
            file.flush()
    house.wait_filed(path)
    assert house.wait_done("slow", len(videos))["completed"] == len(videos)
    assert [r["result"] for r in house.receipt("slow")["lines"]] == ["accepted"] * 6


def assert_stays(house: House, path: Path) -> None:
    """See that for 0.6 s nothing happens to the file: six times make more than 3 s."""
    end = time.monotonic() + 0.6
    house.wait(lambda: time.monotonic() > end or not path.exists())
    assert path.exists()
    assert house.session("slow") == {}
