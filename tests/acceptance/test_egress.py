"""Several ways out: YouTube blocks one, the others go on, and it comes back by itself."""

import shlex
import time
from pathlib import Path

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import Document, House, ids, links
from tests.proxies import Proxy
from tests.youtube import YouTube

PASSWORD = "hush-hush"


def egress(house: House, name: str) -> Document:
    """Return an egress as daemon.json shows it."""
    found: list[Document] = house.daemon["egress"]
    return next(one for one in found if one["name"] == name)


def texts(folder: Path) -> str:
    """Return all that a folder's files say."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(path.read_text(errors="replace") for path in files)


def test_one_that_is_blocked_does_not_stop_the_others(
    open_house: Opener, site: YouTube
) -> None:
    with (
        Proxy(youtube=site, name="a", user="me", password=PASSWORD) as socks,
        Proxy(youtube=site, name="b", scheme="http") as http,
    ):
        ways = ["", socks.address, http.address]
        house = open_house(youtube_egress=shlex.join(ways))
        site.block_egress("b", "bot")
        first = ids("WAYS", 9)
        house.drop("ways", links(first))
        assert house.wait_done("ways", len(first))["completed"] == len(first)

        # Where YouTube said no, the job went on elsewhere, and no job was charged for it.
        assert socks.count
        assert http.count
        tries = [job["attempt"] for job in house.jobs("ways").values()]
        assert max(one["number"] for one in tries) > 1
        assert {one["charged"] for one in tries} == {1}, "for the success alone"
        house.wait(lambda: not egress(house, http.plain_address)["open"])
        assert egress(house, "default")["open"]
        assert egress(house, socks.plain_address)["open"]
        [gate] = egress(house, http.plain_address)["gates"]
        assert (gate["name"], gate["code"]) == ("site", "bot_check")
        assert house.daemon["gates"] == [], "nothing stops everything"
        assert house.problem("egress_closed")
        said = house.must("status")
        assert f"{http.plain_address}: closed: site until" in said
        assert f"{socks.plain_address}: open" in said

        # When the pause is over, one job tries it again, and its success opens it.
        site.block_egress("b", None)
        house.query("UPDATE gates SET until = ?", time.time() - 1)
        later = ids("LATER", 6)
        house.drop("later", links(later))
        assert house.wait_done("later", len(later))["completed"] == len(later)
        house.wait(lambda: egress(house, http.plain_address)["open"])
        used = {row[0] for row in house.query("SELECT egress FROM attempts")}
        assert used == {"", socks.plain_address, http.plain_address}
        shown = house.must("show", house.jobs("later")[later[0]]["id"], "--json")
        assert '"egress"' in shown

        told = texts(house.root / "status") + house.log.read_text() + said + shown
        assert PASSWORD not in told
    assert not site.foreign_hosts
