"""Every text of the installed yt-dlp is placed, and `classify` puts it there.

Each error is raised with its own class inside yt-dlp, by an extractor, and caught as an
attempt catches it. A new yt-dlp's text fails the first test until somebody has placed it.
"""

import builtins
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yt_dlp.networking.exceptions
import yt_dlp.utils
from yt_dlp.extractor.common import InfoExtractor

from tools.failure_table import CONSEQUENCES, failure_table
from tools.ytdlp_reasons import Reason, installed_reasons, placements
from ytaudio_daemon.fetch.classify import Cause, Evidence, classify
from ytaudio_daemon.fetch.exception_facts import causes_of
from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG
from ytaudio_daemon.fetch.ytdlp_client import LogCapture
from ytaudio_daemon.model import Failure, FailureKind

PLACED = placements()
NO_FORMATS = "[youtube] A: No video formats found!"


@cache
def reasons() -> list[Reason]:
    """Find them; only here, for every process of the tests imports this module."""
    return list(installed_reasons())


class RaisingIE(InfoExtractor):  # type: ignore[misc]  # yt-dlp ships no types
    """Raises what it is given, where YouTube's extractor would."""

    _VALID_URL = r"test:"
    error: Exception

    def _real_extract(self, url: str) -> Any:  # noqa: ARG002 - yt-dlp calls it so
        raise self.error


def exception(name: str, text: str) -> Exception:
    """Return the real exception of a class of yt-dlp or Python."""
    modules = (yt_dlp.utils, yt_dlp.networking.exceptions, builtins)
    kind: Any = next(filter(None, (getattr(each, name, None) for each in modules)))
    error = kind(text)
    assert isinstance(error, Exception)
    return error


def failure_of(error: Exception) -> Failure:
    """Return the failure of an attempt inside which an extractor raised `error`."""
    log = LogCapture()
    with yt_dlp.YoutubeDL({"logger": log, "cachedir": False}, auto_init=False) as ydl:
        extractor = RaisingIE()
        extractor.error = error
        ydl.add_info_extractor(extractor)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever yt-dlp makes of it
            ydl.extract_info("test:x", download=False)
    return classify(Evidence(causes=causes_of(raised.value), warnings=log.warnings))


def failure_when_warned(text: str) -> Failure:
    """Return the failure of a video without formats, of which yt-dlp warned so."""
    return classify(Evidence(causes=(Cause(text=NO_FORMATS),), warnings=(text,)))


def test_every_text_of_the_installed_yt_dlp_is_placed() -> None:
    new = [each for each in reasons() if PLACED.code_of(each) is None]
    assert not new, "place them in tools/ytdlp_reasons.toml"


def test_the_texts_are_found_in_the_sources() -> None:
    texts = {each.text for each in reasons()}
    assert (
        "All player responses are invalid. Your IP is likely being blocked by Youtube"
        in texts
    )
    assert "This video is DRM protected" in texts
    assert len(reasons()) > 100


def reached(*, warned: bool) -> Iterator[tuple[Reason, str]]:
    """Yield the reasons that an attempt may meet, with the code each is placed under."""
    for reason in reasons():
        code = PLACED.code_of(reason)
        if (reason.raised_as == "warning") == warned and code != "not_reached":
            yield reason, code or "unplaced"


def test_errors_are_classified_where_they_are_placed() -> None:
    found = {
        (
            reason,
            failure_of(exception(reason.raised_as, PLACED.example_of(reason))).code,
        )
        for reason, _ in reached(warned=False)
    }
    assert found == set(reached(warned=False))


def test_warnings_are_classified_where_they_are_placed() -> None:
    """A harmless one leaves the failure what it is without it."""
    found = {
        (reason, failure_when_warned(PLACED.example_of(reason)).code)
        for reason, _ in reached(warned=True)
    }
    wanted = {
        (reason, "no_formats" if code == "no_reason" else code)
        for reason, code in reached(warned=True)
    }
    assert found == wanted


@pytest.mark.parametrize(("text", "code", "source"), PLACED.youtube)
def test_youtubes_own_words_are_classified_where_they_are_placed(
    text: str, code: str, source: str
) -> None:
    """`raise_no_formats` raises them, or, as we call it, only warns."""
    assert failure_of(yt_dlp.utils.ExtractorError(text, expected=True)).code == code
    assert failure_when_warned(f"[youtube] A: {text}").code == code
    assert source


def test_only_codes_that_exist_are_used() -> None:
    used = {*PLACED.errors.values(), *PLACED.warnings.values()}
    used |= {code for _, code, _ in PLACED.youtube}
    assert used - {"no_reason"} <= FAILURE_CATALOG.keys()


def test_the_page_in_docs_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "failures.md"
    assert page.read_text() == failure_table(), "run `make failures`"
    assert set(CONSEQUENCES) == set(FailureKind)
