"""Receipts in words: aligned, on one line each, able to be dropped again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon import dropfile
from ytaudio_daemon.ledger.receipt_line import ReceiptLine
from ytaudio_daemon.ledger.receipts import ReceiptHead
from ytaudio_daemon.model import Options
from ytaudio_daemon.model.options import effective_options
from ytaudio_daemon.system.times import rfc3339
from ytaudio_daemon.views import failed_text, receipt_text

DROP = ReceiptHead(
    id=1,
    session_name="music",
    session_uuid="u",
    name=b"songs.txt",
    sha256="00",
    received_at=0.0,
    received_uptime_s=0.0,
    state="filed",
    filed_name=b"songs.2.txt",
    at_root=False,
    reason=None,
    accepted=3,
    duplicate=0,
    rejected=0,
)


def line(**fields: Any) -> ReceiptLine:
    plain: dict[str, Any] = dict.fromkeys(ReceiptLine._fields)
    plain |= {"line": 1, "text": "x", "result": "accepted"}
    return ReceiptLine(**(plain | fields))


def failed(options: Options, **fields: Any) -> ReceiptLine:
    return line(
        state="failed",
        video_id="AAAAAAAAAAA",
        options=options.to_json(),
        error_code="gone",
        job_drop_id=1,
        **fields,
    )


@given(st.text(), st.text(), st.text())
def test_nothing_in_a_line_can_start_another(
    text: str, message: str, hint: str
) -> None:
    row = failed(Options(), text=text, error_message=message, error_hint=hint)
    rows = receipt_text.receipt_line(row).splitlines()
    assert all(one.startswith(" " * 9) for one in rows[1:])
    again = failed_text.failed_line(row, 1).splitlines()
    assert [bool(one) and not one.startswith("#") for one in again] == [
        False,
        False,
        True,
    ]


@given(
    st.sampled_from(["mp3", "m4a", "wav", "flac", "ogg", "opus"]),
    st.dictionaries(
        st.sampled_from(["title", "artist"]),
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=99),
    ),
    st.integers(-10, 10),
)
def test_a_failed_link_asks_for_the_same_again(
    audio_format: str, tags: dict[str, str], priority: int
) -> None:
    layer = {"format": audio_format, "priority": priority}
    layer |= {f"tag.{name}": text for name, text in tags.items()}
    options = effective_options("192k", layer)
    text = failed_text.failed_line(failed(options), 1)
    (entry,) = dropfile.parse(text.encode(), dropfile.DropKind.TEXT)
    assert entry.code is None
    assert effective_options("192k", entry.layer) == options


def test_a_failed_link_repeats_only_the_options_that_were_written() -> None:
    row = failed(Options(), again="https://youtu.be/AAAAAAAAAAA format=opus")
    text = failed_text.failed_line(row, 1)
    assert text.splitlines()[-1] == "https://youtu.be/AAAAAAAAAAA format=opus"


def test_a_duplicate_of_the_same_drop_is_told_once() -> None:
    again = failed(Options(), result="duplicate")
    assert failed_text.failed_line(again, 1) == ""
    assert failed_text.failed_line(again, 2) != ""


def test_a_refused_line_without_a_link_is_a_comment() -> None:
    text = failed_text.failed_line(line(result="rejected", message="no", text="a b"), 1)
    assert text == "\n# line 1: no.\n# a b\n"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "waiting for its turn"),
        ("held", "held until the session has room"),
        ("running", "being done"),
        ("waiting", "to be tried again"),
        ("completed", "done"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        (None, "rejected"),
    ],
)
def test_every_state_has_its_words(state: str | None, words: str) -> None:
    assert receipt_text.receipt_line(line(state=state))[9:].startswith(words)


def test_a_waiting_line_says_when_it_is_tried_again() -> None:
    text = receipt_text.receipt_line(line(state="waiting", retry_at=60.0))
    assert "next try: 1970-01-01 00:01:00 UTC" in text


def test_a_failed_line_names_its_code_and_its_job() -> None:
    row = line(
        state="failed",
        error_code="private_video",
        error_message="This video is private.",
        job="1a2b3c4d-0000-4000-8000-000000000000",
    )
    details = receipt_text.receipt_line(row).splitlines()[1:]
    assert details == [
        "         This video is private. (private_video)",
        "         details: ytaudio show 1a2b3c4d",
    ]


def test_a_long_reason_is_broken_between_words_to_fit_80_columns() -> None:
    row = line(result="rejected", code="not_a_url", message="no link here " * 12)
    rows = receipt_text.receipt_line(row).splitlines()
    assert len(rows) == 4
    assert all(len(one) <= 80 for one in rows)
    assert " ".join(" ".join(rows[1:]).split()).endswith("no link here (not_a_url)")
    assert receipt_text.receipt_line(row).splitlines() == rows, "each time the same"


def test_a_file_name_is_never_broken() -> None:
    row = line(state="completed", output_path=f"/x/{'a b ' * 40}c.mp3")
    assert (
        receipt_text.receipt_line(row).splitlines()[1] == f"{' ' * 9}{'a b ' * 40}c.mp3"
    )


def test_a_rejected_line_names_its_code() -> None:
    row = line(result="rejected", code="not_a_url", message="no link")
    assert "no link (not_a_url)\n" in receipt_text.receipt_line(row)


def test_a_finished_line_names_its_file_alone() -> None:
    row = line(state="completed", output_path="/x/Song.mp3", job="1a2b3c4d-0000")
    assert receipt_text.receipt_line(row).splitlines()[1:] == ["         Song.mp3"]


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(1_800_000_000.5) == "2027-01-15T08:00:00.500Z"
    assert rfc3339(None) is None


def test_a_drop_without_any_line_has_no_table() -> None:
    binary = replace(DROP, accepted=0, state="rejected", reason="binary data")
    head = receipt_text.receipt_head(binary, {}, "")
    assert head.splitlines()[0] == "Nothing could be used of songs.2.txt: binary data."
    assert "what became of it" not in head
    assert "rejected" not in head
