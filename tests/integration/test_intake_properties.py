"""What holds for every text that is dropped, through the intake into the ledger."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from tests.integration.intake_rig import House
from tests.link_texts import LINKS, LinkInWords, text_of
from ytaudio_daemon.cli.commands.line_checks import LineResult, check_lines
from ytaudio_daemon.dropfile import DropKind, NotADropError
from ytaudio_daemon.intake import recording

QUICK = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],  # a smaller example is not worth minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: Beside it nothing is rejected as a whole.
GOOD = "https://youtu.be/GGGGGGGGGGG"
LINES = "SELECT line, part, result, code FROM lines WHERE drop_id = :drop ORDER BY 1, 2"
OFF = "SELECT line, number FROM switched_off_links WHERE drop_id = :drop ORDER BY 1, 2"


@dataclass
class Rig:
    """One house for all examples; each has a session of its own."""

    house: House
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def take(self, text: str) -> tuple[Path, int]:
        """Have a text taken; returns its session's folder and its drop."""
        session = self.house.inbox.parent / f"s{next(self.numbers)}"
        session.mkdir()
        (session / "songs.txt").write_bytes(text.encode("utf-8", "replace"))
        self.house.take()
        ((drop,),) = self.ask("SELECT max(id) FROM drops", 0)
        return session, int(str(drop))

    def ask(self, sql: str, drop: int) -> list[tuple[object, ...]]:
        with self.house.ledger.read() as db:
            return [tuple(row) for row in db.execute(sa.text(sql), {"drop": drop})]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(recording, "LINES_PER_BATCH", 3)
    house = House(tmp_path)
    yield Rig(house)
    house.close()


def checked(text: str) -> list[LineResult]:
    """Return what `ytaudio check` says of a text."""
    data = text.encode("utf-8", "replace")
    try:
        return list(check_lines(data, DropKind.TEXT, {}, "192k"))
    except NotADropError:
        return []


@given(LINKS)
@QUICK
def test_every_link_ends_somewhere_and_check_says_where(
    rig: Rig, links: list[LinkInWords]
) -> None:
    text = text_of(links)
    said = checked(text)
    _, drop = rig.take(text)
    live = [each for each in said if each.result != "switched_off"]
    assert rig.ask(LINES, drop) == [
        (
            each.drop_line.line,
            each.drop_line.part or 0,
            each.result,
            each.drop_line.code,
        )
        for each in live
    ]
    off = [each.drop_line.line for each in said if each.result == "switched_off"]
    assert [line for line, _ in rig.ask(OFF, drop)] == off
    told = {each.drop_line.link.video_id for each in said if each.drop_line.link}
    assert {video for _, _, video, _ in links} <= told
    jobs = "SELECT video_id FROM jobs JOIN lines ON job_id = jobs.id WHERE lines.drop_id = :drop"
    assert {video for (video,) in rig.ask(jobs, drop)} == {
        each.drop_line.link.video_id
        for each in live
        if each.drop_line.link and each.result != "rejected"
    }


@given(LINKS)
@QUICK
def test_what_was_refused_is_taken_from_the_failed_list_as_it_is(
    rig: Rig, links: list[LinkInWords]
) -> None:
    bad = "".join(f"{w} {f(v)} format=opus formt=x{s}" for w, f, v, s in links)
    text = f"{GOOD}\n{bad}"
    refused = [
        each.drop_line.link
        for each in checked(text)
        if each.drop_line.code and each.drop_line.link
    ]
    session, _ = rig.take(text)
    rig.house.show()
    failed = list(session.rglob("*.failed.txt"))
    again = failed[0].read_text() if failed else ""
    _, drop = rig.take(again)
    results = [row[2] for row in rig.ask(LINES, drop)]
    assert "rejected" not in results
    assert len(results) == len(refused)
