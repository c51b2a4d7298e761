"""Which entries of a collection are selected, and what is said of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.collection_options import (
    COLLECTION_KEYS,
    check_collection_option,
    duration_text,
    parse_seconds,
)
from ytaudio_daemon.model.options import OPTION_KEYS, effective_options
from ytaudio_daemon.model.selection import Selection, in_order


@dataclass(frozen=True, kw_only=True)
class Entry:
    position: int = 1
    title: str | None = "Live at Montreux"
    duration_s: float | None = 200.0
    upload_date: str | None = "2026-02-01"
    unavailable: str = ""


def selection(**options: object) -> Selection:
    checked = {
        key.rstrip("_"): check_collection_option(key.rstrip("_"), value)
        for key, value in options.items()
    }
    return Selection.from_layer(checked)


@pytest.mark.parametrize(
    ("chosen", "entry", "reason"),
    [
        (selection(), Entry(), None),
        (selection(items="1-2,5"), Entry(position=5), None),
        (selection(items="1-2,5"), Entry(position=3), "not among items"),
        (selection(items="20-"), Entry(position=300), None),
        (selection(items="20-"), Entry(position=19), "not among items"),
        (selection(min="200"), Entry(), None),
        (selection(min="3m21s"), Entry(), "shorter than 3m21s"),
        (selection(max="3:19"), Entry(), "longer than 3m19s"),
        (selection(min="1s"), Entry(duration_s=None), "its length is not known"),
        (selection(since="2026-02-01"), Entry(), None),
        (selection(since="2026-02-02"), Entry(), "older than 2026-02-02"),
        (selection(until="2026-01-31"), Entry(), "newer than 2026-01-31"),
        (selection(since="2020-01-01"), Entry(upload_date=None), "date is not known"),
        (selection(match="LIVE at"), Entry(), None),
        (selection(match="trailer"), Entry(), "its title has no 'trailer'"),
        (selection(match="x"), Entry(title=None), "its title has no 'x'"),
        (selection(not_="montreux"), Entry(), "its title has 'montreux'"),
        (selection(match="x", min="1h"), Entry(unavailable="private"), None),
        (selection(items="2"), Entry(unavailable="private"), "not among items"),
    ],
)
def test_an_entry_is_selected_or_it_is_said_why_not(
    chosen: Selection, entry: Entry, reason: str | None
) -> None:
    said = chosen.skip_reason(entry, 0, 500)
    assert (said is None) if reason is None else (reason in (said or ""))


def test_more_than_the_limit_is_told_and_the_lines_own_limit_wins() -> None:
    assert selection().skip_reason(Entry(), 499, 500) is None
    assert selection().skip_reason(Entry(), 500, 500) == "more than 500 (max_items)"
    assert (
        selection(max_items=2).skip_reason(Entry(), 2, 500) == "more than 2 (max_items)"
    )
    assert selection(max_items=900).skip_reason(Entry(), 500, 500) is None


def test_what_is_not_selected_anyhow_is_not_blamed_on_the_limit() -> None:
    assert selection(min="1h").skip_reason(Entry(), 500, 500) == "shorter than 1h"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("items", "5-2"),
        ("items", "0"),
        ("items", "1,,2"),
        ("items", ""),
        ("items", ",".join(["1"] * 101)),
        ("order", "shuffle"),
        ("min", "0"),
        ("min", "2 minutes"),
        ("max", ""),
        ("since", "2026-02-30"),
        ("since", "last week"),
        ("since", "9" * 5000 + "-1-1"),
        ("match", ""),
        ("match", "x" * 201),
        ("not", "a\x00b"),
        ("max_items", "0"),
        ("max_items", True),
        ("list", "maybe"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(key: str, value: object) -> None:
    with pytest.raises(OptionError) as refusal:
        check_collection_option(key, value)
    assert refusal.value.code == "bad_option"
    assert key in refusal.value.message


@pytest.mark.parametrize("text", ["90", "90s", "1m30s", "1:30", "0:01:30"])
def test_durations_are_read_in_every_form(text: str) -> None:
    assert parse_seconds(text) == 90
    assert duration_text(90) == "1m30s"


def test_a_selection_survives_the_ledger_and_equal_ones_have_one_digest() -> None:
    one = selection(items="1-3,9-", order="newest", min="2m", not_="x", max_items=7)
    assert Selection.from_json(one.to_json()) == one
    assert selection(min="2m").digest() == selection(min="120").digest()
    assert selection(min="2m").digest() != selection(max="2m").digest()


def test_the_last_position_is_known_where_all_ranges_end() -> None:
    assert selection(items="1-3,9").last_position == 9
    assert selection(items="1-3,9-").last_position is None
    assert selection().last_position is None


@pytest.mark.parametrize(
    ("order", "positions"),
    [
        ("list", [1, 2, 3]),
        ("reverse", [3, 2, 1]),
        ("newest", [2, 1, 3]),
        ("oldest", [3, 1, 2]),
    ],
)
def test_entries_come_in_their_order(order: str, positions: Sequence[int]) -> None:
    days = ["2026-01-02", "2026-01-03", "2026-01-01"]
    listed = [
        Entry(position=place, upload_date=day) for place, day in enumerate(days, 1)
    ]
    assert [entry.position for entry in in_order(listed, order)] == positions


def test_without_days_a_list_has_its_newest_entry_first() -> None:
    listed = [Entry(position=place, upload_date=None) for place in (1, 2, 3)]
    assert [entry.position for entry in in_order(listed, "oldest")] == [3, 2, 1]


def test_options_of_collections_change_no_job() -> None:
    assert not set(COLLECTION_KEYS) & set(OPTION_KEYS)
    plain = effective_options("192k", {"format": "mp3"})
    assert effective_options("192k", {"format": "mp3", "items": "1-3"}) == plain


def test_a_selection_without_again_is_the_one_that_ledgers_know() -> None:
    assert Selection().digest() == "e11938b4efe4285c"
    assert Selection(again=True).digest() != Selection().digest()
    for selection in (Selection(), Selection(again=True)):
        assert Selection.from_json(selection.to_json()) == selection
