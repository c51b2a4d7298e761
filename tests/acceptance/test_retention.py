"""The daemon forgets what has ended long ago; the audio stays and life goes on."""

from tests.acceptance.conftest import Opener
from tests.acceptance.rig import links


def test_an_ended_session_is_forgotten_and_its_audio_stays(
    open_house: Opener,
) -> None:
    house = open_house(retention_finalized="1s")
    house.drop("old", links(["old00000000"]))
    house.drop("alive", links(["alive000000"]))
    house.wait_done("alive", 1)
    house.wait_done("old", 1)
    house.must("session", "expire", "old", "--yes")
    house.wait(
        lambda: house.session("old").get("session", {}).get("state") == "expired"
    )
    audio = next(house.library.glob("old/*.m4a"))
    assert house.stop() == 0
    # The first look comes a minute after a start, the next ones an hour apart; nobody
    # waits that long for a test, and at the first one a second may not be over yet.
    site_packages = house.root / "early"
    site_packages.mkdir()
    (site_packages / "sitecustomize.py").write_text(
        "import ytaudio_daemon.maintenance.pruner as r\n"
        "r.FIRST_RUN_AFTER_S, r.IDLE_INTERVAL_S = 0.0, 0.2\n"
    )
    paths = f"{site_packages}:{house.environment().get('PYTHONPATH', '')}"
    house.start(PYTHONPATH=paths)
    house.wait(lambda: not house.query("SELECT 1 FROM sessions WHERE name = 'old'"))
    house.wait(lambda: not house.session("old"))
    house.wait(lambda: not (house.root / "status" / "receipts" / "old").exists())
    assert audio.is_file()
    assert house.counts("alive")["completed"] == 1
    house.wait(lambda: house.daemon["counts"]["completed"] == 1)
    assert "is sound" in house.must("ledger", "check")
    house.drop("old", links(["old00000000"]), "again.txt")
    assert house.wait_done("old", 1)["completed"] == 1
