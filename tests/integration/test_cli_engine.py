"""`ytaudio engine` as people type it."""

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.integration import ytdlp_rig
from tests.integration.cli_rig import Rig, complete, record
from tests.integration.ytdlp_rig import NEXT
from tests.others import let_others_in, needs_root
from ytaudio_daemon.cli.commands.engine_changes import _canary_links
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.ledger import ytdlp_outcomes
from ytaudio_daemon.model.ytdlp_policy import age_days
from ytaudio_daemon.system.distributions import installed_version


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ytdlp_rig.rebuilt(tmp_path_factory.mktemp("wheels"), NEXT)


@pytest.fixture
def rig(tmp_path: Path, wheel: Path) -> Iterator[Rig]:
    ytdlp_rig.shelve(wheel, NEXT, tmp_path / "state", time.time())
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def lines(rig: Rig) -> list[list[str]]:
    """The rows of the list, as words."""
    return [line.split() for line in rig.call("engine", "list").out.splitlines()]


def test_the_list_shows_which_is_used_and_how_the_last_upgrade_went(rig: Rig) -> None:
    age = str(age_days(installed_version("yt-dlp"), 4e9))  # years from now
    assert int(age) > 0
    header, new, installed, _, channel, last = lines(rig)[:6]
    assert header == ["VERSION", "AGE", "REMARK"]
    assert new[:2] == ["*", NEXT]
    assert (installed[0], installed[-1]) == (installed_version("yt-dlp"), "installed")
    assert channel == ["channel", "stable,", "upgraded", "every", "day"]
    assert last[:2] == ["last", "upgraded"]


def test_the_list_for_programs(rig: Rig) -> None:
    told = rig.call("engine", "list", "--json").json
    assert told["schema"] == "ytaudio.engine/1"
    assert told["in_use"]["version"] == NEXT
    assert told["in_use"]["path"].endswith(f"/state/engine/{NEXT}")
    assert [row["version"] for row in told["versions"]] == [NEXT]
    assert told["last_upgrade"]["result"] == "upgraded"
    assert told["last_upgrade"]["at"].endswith("Z")


def test_there_and_back(rig: Rig) -> None:
    said = rig.call("engine", "use", "installed")
    assert said.code == 0
    assert "(the one that came with the program)" in said.out
    assert lines(rig)[2][-2:] == ["installed,", "pinned"]
    assert rig.call("engine", "rollback").out == f"yt-dlp {NEXT} is used now\n"
    assert rig.call("engine", "rollback").code == 0
    assert (
        f"{NEXT} 0 d given up: a person went back to another version".split()
        in lines(rig)
    )
    again = rig.call("engine", "rollback")
    assert again.code == 1
    assert "there is no earlier version to go back to" in again.err


def test_what_is_not_there_cannot_be_used(rig: Rig) -> None:
    said = rig.call("engine", "use", "2026.1.1")
    assert said.code == 1
    assert "there is no yt-dlp 2026.1.1 here" in said.err
    assert "ytaudio engine upgrade --version 2026.1.1" in said.err


def test_an_upgrade_that_fails_says_that_nothing_was_changed(
    rig: Rig, tmp_path: Path
) -> None:
    wheel = tmp_path / "yt_dlp-2099.1.1-py3-none-any.whl"
    wheel.write_text("no wheel")
    said = rig.call("engine", "upgrade", str(wheel))
    assert said.code == 1
    assert "is no wheel that can be read" in said.out
    assert "nothing was changed" in said.err
    told = rig.call("engine", "upgrade", str(wheel), "--json")
    assert told.code == 1
    assert told.json["schema"] == "ytaudio.engine-upgrade/1"
    assert told.json["result"] == "failed"
    assert lines(rig)[1][:2] == ["*", NEXT]


@needs_root
def test_others_are_told_the_line_that_works(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    let_others_in(tmp_path)
    import_module("ytaudio_daemon.cli.commands.engine_changes")
    said = Rig(tmp_path).call_as(64_998, "engine", "use", "installed")
    assert said.code == 2
    assert "you (#64998) may not do that here" in said.err
    assert "sudo -u root ytaudio" in said.err


def canaries(rig: Rig, **environ: str) -> list[str]:
    from argparse import Namespace  # noqa: PLC0415 - for this alone

    args = Namespace(config=None, root=str(rig.root))
    return [
        link.video_id for link in _canary_links(CommandContext(args, Output(), environ))
    ]


def test_a_new_version_is_tried_on_what_worked_lately(rig: Rig) -> None:
    assert canaries(rig) == []
    ledger = rig.ledger()
    with ledger.write() as db:
        record(db, "party", "AB")
        for name in "AB":
            complete(db, rig.root / f"{name}.mp3")
        assert ytdlp_outcomes.recently_completed_videos(db, 1) == ["A" * 11]
    ledger.close()
    assert canaries(rig) == ["A" * 11, "B" * 11]


def test_or_on_the_links_of_the_config(rig: Rig) -> None:
    told = "https://youtu.be/CCCCCCCCCCC https://youtu.be/DDDDDDDDDDD"
    assert canaries(rig, YTAUDIO_ENGINE_CANARY=told) == ["C" * 11, "D" * 11]
