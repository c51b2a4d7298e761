"""The inbox goes wrong under the daemon: writers that pause, folders that vanish."""

import shutil
from pathlib import Path

from tests.acceptance.conftest import Opener
from tests.acceptance.faulty import HouseWithAClock
from tests.acceptance.rig import House, ids, links, running
from tests.youtube import YouTube


def written_so_far(house: House, path: Path, text: str) -> None:
    """See that the daemon takes the file before its writer is done."""
    assert path.read_text() == text
    house.wait(
        lambda: house.query("SELECT id FROM drops WHERE name = ?", path.name.encode())
    )


def test_a_line_cut_by_a_pause_of_its_writer_is_taken_whole_in_the_end(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(inbox_settle="100ms", inbox_rescan="1s")
    first, second, third = ids("CUT", 3)
    path = house.inbox / "cut" / "songs.txt"
    path.parent.mkdir()
    with path.open("w") as file:
        file.write(f"https://youtu.be/{first}\nhttps://youtu.be/{second[:6]}")
        file.flush()
        house.wait_filed(path)
        file.write(f"{second[6:]}\nhttps://youtu.be/{third}\n")
    assert house.wait_done("cut", 3)["completed"] == 3
    assert [site.fetches(video) for video in (first, second, third)] == [1, 1, 1]
    receipt = house.wait_receipt("cut", rejected=1)
    assert [line["code"] for line in receipt["lines"]] == [None, "bad_video_id"]
    again = house.wait_receipt("cut", "songs.2.txt", completed=3)
    assert [line["result"] for line in again["lines"]] == [
        "duplicate",
        "accepted",
        "accepted",
    ]
    assert (path.parent / "processed" / "songs.2.txt").read_text() == links(
        [first, second, third]
    )


def test_a_cut_line_of_a_kept_file_is_taken_when_it_is_whole(
    open_house: Opener, site: YouTube
) -> None:
    house = open_house(inbox_settle="100ms", inbox_after_intake="keep")
    first, second = ids("CUTKEEP", 2)
    path = house.inbox / "cut" / "songs.txt"
    path.parent.mkdir()
    with path.open("w") as file:
        file.write(f"https://youtu.be/{first}\nhttps://youtu.be/{second[:9]}")
        file.flush()
        house.wait_receipt("cut", accepted=1, rejected=1)
        file.write(f"{second[9:]}\n")
    assert house.wait_done("cut", 2)["completed"] == 2
    assert [site.fetches(video) for video in (first, second)] == [1, 1]
    assert path.read_text() == links([first, second])


def test_an_inbox_made_anew_under_the_daemon_is_watched_again(
    site: YouTube, tmp_path: Path
) -> None:
    made = HouseWithAClock(tmp_path / "house", site, inbox_rescan="1h")
    with running(made) as house:
        for times, take_away in enumerate((delete, rename_away), 1):
            video, later = ids(f"ROOT{times}", 2)
            take_away(house.inbox)
            house.wait(lambda: house.log.read_text().count("watch.failed") == times)  # noqa: B023 - looked at at once
            house.inbox.mkdir()
            house.drop("root", links([video]), f"{video}.txt")
            house.wait_for_state("root", video, "completed")
            house.drop("root", links([later]), f"{later}.txt")  # the rescan is far off
            house.wait_for_state("root", later, "completed")
        assert house.running.poll() is None


def delete(folder: Path) -> None:
    shutil.rmtree(folder)


def rename_away(folder: Path) -> None:
    folder.rename(folder.with_name("inbox.old"))
