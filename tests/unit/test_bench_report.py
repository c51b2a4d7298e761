"""What the bench says of its figures."""

import shutil
from pathlib import Path

import imageio_ffmpeg
import pytest

from bench import goals, report
from bench.__main__ import LIMIT_S, MEASURES, USUAL_S, _time_share
from bench.findings import Section
from bench.flood import Flood, _extrapolate
from bench.links import Tally, in_turn
from bench.processes import Spent
from bench.rig import Daemon


def test_a_missed_goal_stands_at_the_top_with_its_limit() -> None:
    missed = goals.TINY_CPU.judge("A clip", 71)
    met = goals.TINY_CPU.judge("A short clip", 49.9)
    section = Section(title="Links", findings=[missed, met], load="Load 3.")
    text = report.document([section], command="bench", minutes=1)
    top = text.partition("## Links")[0]
    assert f"A clip: 71 ms a link, the goal is ≤ 50 ms a link ({missed.why})." in top
    assert "A short clip" not in top
    assert "1 of 2 goals are met" in top
    assert "## Links\n\nLoad 3.\n\n|" in text


def test_the_limit_itself_is_met_from_both_sides() -> None:
    least = goals.THROUGHPUT["tiny"]["yt-dlp -a"]
    assert least.judge("x", 4).met is True
    assert least.judge("x", 3.99).met is False
    assert goals.TINY_CPU.judge("x", 50).met is True


def test_every_goal_that_another_load_can_miss_has_its_reason() -> None:
    timed = [
        each
        for each in vars(goals).values()
        if isinstance(each, goals.Goal) and each.unit in {"s", "ms", "times"}
    ]
    assert timed
    assert all(each.why for each in timed)


def test_a_size_left_out_lies_on_the_line_through_the_two_largest() -> None:
    floods = [
        Flood(count=count, filed_s=filed_s, written_s=0, cpu_s=0, lost=0)
        for count, filed_s in ((1_000, 3.0), (2_000, 4.0))
    ]
    at = _extrapolate(floods, 10_000, lambda flood: flood.filed_s)
    assert at == pytest.approx(12.0)
    one = _extrapolate(floods[:1], 10_000, lambda flood: flood.filed_s)
    assert one == pytest.approx(30.0)


def test_a_late_run_gives_what_is_left_less_time() -> None:
    assert set(MEASURES) <= set(USUAL_S)
    usual_s = USUAL_S["flood"]
    assert _time_share(["flood"], 0.0) == 1.0
    assert _time_share(["flood"], LIMIT_S - usual_s / 2) == pytest.approx(0.5)
    assert _time_share(["flood"], 10 * LIMIT_S) == pytest.approx(0.1)


def test_a_ratio_compares_runs_of_the_same_round() -> None:
    # The machine takes three times as long for everybody after the first round.
    ours = Tally([Spent(1.0, 1.0), Spent(3.0, 3.0), Spent(3.0, 3.0)], [])
    peer = Tally([Spent(2.0, 1.25), Spent(6.0, 3.75), Spent(6.3, 3.0)], [])
    assert ours.speed_over(peer) == pytest.approx([2.0, 2.0, 2.1])
    assert ours.cpu_over(peer) == pytest.approx([0.8, 0.8, 1.0])


def test_a_figure_of_several_rounds_says_how_far_they_differ() -> None:
    goal = goals.CPU_OVER_THRIFTIEST
    found = goal.judge_rounds("Songs", [1.07, 0.88, 0.97])
    assert (found.measured, found.met) == ("0.97 times (0.88 to 1.07)", True)
    assert goal.judge_rounds("Songs", [1.07]).measured == "1.07 times"


def test_a_machine_that_becomes_slower_favours_no_style() -> None:
    names = ["ours", "peer", "floor"]
    places = dict.fromkeys(names, 0)
    for turn in (0, 1):
        for place, name in enumerate(in_turn(names, turn)):
            places[name] += place
    assert set(places.values()) == {2}


def test_daemon_and_peers_find_the_same_ffmpeg_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "usr" / "ffmpeg"
    installed.parent.mkdir()
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(installed.parent))
    daemon = Daemon(tmp_path / "root", None)
    found = shutil.which("ffmpeg", path=daemon.environment["PATH"])
    assert found is not None
    assert Path(found).samefile(imageio_ffmpeg.get_ffmpeg_exe())
