"""Tables and live views fit the terminal, whatever they hold."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ytaudio_daemon.cli.commands.watch_window import Window, is_end
from ytaudio_daemon.cli.terminal import STEADY_WIDTHS, column_widths, table_renderable

HEADERS = ("JOB", "STATE", "HOW FAR", "WHAT")
TITLE = "Nina Simone - Feeling Good (Official Audio)"
RUNNING = "downloading ━━━━━╌╌╌  62 % 12 s left 2.2 MiB/s"
ROWS = [
    ("2ed9ce3a", "running", RUNNING, TITLE),
    ("2e2110ee", "completed", "4.2 MiB", "日本語の歌" * 10),
]


def drawn(columns: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=columns, color_system=None).print(
        table_renderable(HEADERS, ROWS)
    )
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_at_80_columns_the_id_the_state_and_the_time_left_are_whole() -> None:
    head, running, _ = drawn(80)
    assert head.split() == ["JOB", "STATE", "HOW", "FAR", "WHAT"]
    assert running.startswith(
        "2ed9ce3a  running    downloading ━━━━━╌╌╌  62 % 12 s left"
    )
    assert running.endswith("…")


def test_on_a_wide_terminal_nothing_is_cut() -> None:
    assert drawn(140)[1] == f"2ed9ce3a  running    {RUNNING}  {TITLE}"


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_columns_stay_where_they_are_when_a_phase_ends(columns: int) -> None:
    later = [(*ROWS[0][:2], "verifying", TITLE), ROWS[1]]
    assert column_widths(HEADERS, ROWS, columns, STEADY_WIDTHS) == column_widths(
        HEADERS, later, columns, STEADY_WIDTHS
    )


def test_what_is_printed_once_gives_its_room_to_the_titles() -> None:
    widths = column_widths(HEADERS, ROWS[1:], 80)
    assert widths == [8, 9, 7, 50]


@given(
    cells=st.lists(st.integers(0, 120), min_size=4, max_size=4),
    room=st.integers(45, 300),
)
def test_a_row_is_never_wider_than_the_terminal(cells: list[int], room: int) -> None:
    widths = column_widths(HEADERS, [["x" * count for count in cells]], room)
    assert sum(widths) + 2 * (len(widths) - 1) <= room


def test_what_fits_is_shown_whole() -> None:
    window = Window().fitted(22, 22)
    assert (window.first, window.end, window.hint) == (0, 22, "q ends this view")


def test_what_does_not_fit_is_counted_and_can_be_reached() -> None:
    window = Window().fitted(22, 61)
    assert window.hint == "39 lines below (arrow keys, space, b) · q ends this view"
    window = window.moved(" ").moved("\x1b[B")
    assert (window.first, window.end) == (22, 44)
    assert window.hint.startswith("22 lines above, 17 lines below ")
    window = window.moved("\x1b[6~").moved(" ")
    assert (window.first, window.end) == (39, 61)
    assert window.moved("\x1b[A").moved("k").moved("x").first == 37
    assert window.moved("\x1b[5~").moved("b").moved("b").first == 0


def test_a_report_that_became_shorter_is_still_in_sight() -> None:
    assert Window(39, 22, 61).fitted(22, 30).first == 8
    assert Window(39, 22, 61).fitted(22, 5).first == 0


def test_q_and_control_c_end_the_view() -> None:
    assert [is_end(key) for key in ("q", "\x03", "\x1b[A", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_reasons_are_broken_and_not_cut() -> None:
    out = io.StringIO()
    rows = [
        ("1", "rejected", "there is no link in this line; write one"),
        ("2", "x", "y"),
    ]
    Console(file=out, width=40, color_system=None).print(
        table_renderable(("LINE", "VERDICT", "REASON"), rows, wraps=True)
    )
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "LINE  VERDICT   REASON",
        "1     rejected  there is no link in this",
        "                line; write one",
        "2     x         y",
    ]
