"""Words for people, and foreign texts that cannot steer a terminal."""

import io
import json

import pytest

from ytaudio_daemon.cli import formatting
from ytaudio_daemon.cli.output import Output, ask
from ytaudio_daemon.cli.terminal_text import terminal_safe
from ytaudio_daemon.system import times


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (192, "3 min 12 s"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (86400, "1 d"),
        (100000, "1 d 3 h"),
        (-5, "0 s"),
    ],
)
def test_a_span_has_its_two_largest_units(seconds: float, said: str) -> None:
    assert formatting.format_duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4404019, "4.2 MiB"),
        (200 << 20, "200 MiB"),
        (3 << 40, "3.0 TiB"),
        (5000 << 40, "5000 TiB"),
    ],
)
def test_a_size_has_three_digits(count: int, said: str) -> None:
    assert formatting.format_size(count) == said


def test_playing_times_read_as_on_a_player() -> None:
    assert [formatting.format_playing_time(s) for s in (187, 3753, 5)] == [
        "3:07",
        "1:02:33",
        "0:05",
    ]


def test_times_tell_how_far_they_are() -> None:
    now = 1_800_000_000.0
    assert formatting.local_time_and_distance(now + 300, now).endswith("(in 5 min)")
    assert formatting.local_time_and_distance(now - 7200, now).endswith("(2 h ago)")


def test_a_time_of_another_day_has_its_date() -> None:
    now = 1_800_000_000.0
    assert len(formatting.local_time(now, now)) == len("21:14:03")
    assert len(formatting.local_time(now - 200_000, now)) == len("2027-01-13 21:14")


def test_stamps_come_back_as_they_were() -> None:
    assert times.rfc3339(1_800_000_000.25) == "2027-01-15T08:00:00.250Z"
    assert times.parse_rfc3339("2027-01-15T08:00:00.250Z") == 1_800_000_000.25


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Ünïcode 日本", "Ünïcode 日本"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\nb\tc\u2028d", "a\\nb\\tc\\u2028d"),
        ("\x9b2J\x85", "\\x9b2J\\x85"),
        ("evil\u202egnp", "evil\\u202egnp"),
        ("lone \udcff", "lone \\udcff"),
        ("wide\u3000space\xa0here", "wide space here"),
        ("👩\u200d🎤", "👩\u200d🎤"),
    ],
)
def test_what_could_steer_a_terminal_is_written_out(text: str, safe: str) -> None:
    assert terminal_safe(text) == safe


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_never_sees_a_title_as_markup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    hostile = "[bold red]x[/] \x1b]0;owned\x07 :smile:"
    screen = Output(out)
    screen.table(("A", "B"), [("failed", hostile)])
    screen.facts([("what", hostile)])
    screen.labelled_line("broken", hostile)
    text = out.getvalue()
    assert text.count("[bold red]x[/] \\x1b]0;owned\\x07 :smile:") == 3
    assert "\x1b]" not in text
    assert "\x1b[3" not in text, "NO_COLOR"


def test_a_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Terminal()
    Output(out).table(("STATE",), [("failed",)])
    assert "\x1b[1;31mfailed" in out.getvalue()


def test_a_narrow_terminal_keeps_ids_and_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    Output(out).table(("JOB", "STATE", "WHAT"), [("1a2b3c4d", "completed", "x" * 90)])
    assert "1a2b3c4d  completed" in out.getvalue()


def test_a_pipe_gets_aligned_plain_text() -> None:
    out = io.StringIO()
    Output(out).table(("A", "LONG"), [("wide one", "x"), ("y", "z")])
    assert out.getvalue() == "A         LONG\nwide one  x\ny         z\n"


def test_a_dumb_terminal_counts_as_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not Output(Terminal()).is_terminal


def test_a_streamed_list_is_one_document() -> None:
    for items in ([], [{"n": 1}], [{"n": 1}, {"t": "\x1b"}]):
        out = io.StringIO()
        Output(out).json_list({"schema": "s/1"}, "jobs", items)
        assert json.loads(out.getvalue()) == {"schema": "s/1", "jobs": items}
        assert out.getvalue().isascii()
        assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize(
    ("said", "meant"), [("y", True), (" YES ", True), ("", False), ("nope", False)]
)
def test_only_yes_is_yes(said: str, *, meant: bool) -> None:
    assert ask("sure?", lambda _question: said) is meant


def test_the_end_of_input_is_no() -> None:
    def ended(_question: str) -> str:
        raise EOFError

    assert not ask("sure?", ended)


def test_what_a_labelled_line_has_no_room_for_goes_on_below_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    out = Terminal()
    Output(out).labelled_line("ok", "one two three four five six")
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "ok       one two three four",
        "         five six",
    ]
