"""A line of several links: refused, and repeated as one line for each link."""

from pathlib import Path

from tests.integration.intake_rig import House

FIRST, SECOND = "https://youtu.be/AAAAAAAAAAA", "https://youtu.be/BBBBBBBBBBB"


def test_no_link_of_a_line_is_lost_and_one_more_drop_takes_them_all(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.drop("songs.txt", f"{FIRST} and {SECOND} format=opus\n")
    house.take()
    house.show()
    (failed,) = house.inbox.rglob("*.failed.txt")
    again = [
        line for line in failed.read_text().splitlines() if line and line[0] != "#"
    ]
    assert [line.split()[0][-11:] for line in again] == ["AAAAAAAAAAA", "BBBBBBBBBBB"]
    assert all("format=opus" in line for line in again)
    assert "several_links" in house.ask("SELECT code FROM lines")[0]

    house.drop("again.txt", failed.read_text())
    house.take()
    assert house.ask("SELECT count(*) FROM jobs") == [(2,)]
