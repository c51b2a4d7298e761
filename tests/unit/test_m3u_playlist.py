"""The lines of a playlist, and its seal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.model.m3u_playlist import PlaylistItem, Sealer, head, is_untouched

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


def sealed(text: str, owner: str = "c") -> bytes:
    sealer = Sealer(owner)
    sealer.add(text.encode())
    return text.encode() + sealer.line()


@pytest.mark.parametrize(
    ("item", "lines"),
    [
        (
            PlaylistItem(
                position=1,
                title="Sinnerman",
                artist="Nina Simone",
                duration_s=622.4,
                path="Songs/01 Sinnerman.mp3",
            ),
            "#EXTINF:622,Nina Simone - Sinnerman\nSongs/01 Sinnerman.mp3\n",
        ),
        (
            PlaylistItem(position=2, title="Hit", path="#1 Hit.mp3"),
            "#EXTINF:-1,Hit\n./#1 Hit.mp3\n",
        ),
        (
            PlaylistItem(position=3, title="Gone", absence="not available: private"),
            "# 3 Gone: not available: private\n",
        ),
        (
            PlaylistItem(
                position=4,
                title="Old",
                path="Songs/04 Old.mp3",
                absence="not in the list since 2026-11-30",
            ),
            "# 4 Old: not in the list since 2026-11-30: Songs/04 Old.mp3\n",
        ),
    ],
)
def test_an_items_lines(item: PlaylistItem, lines: str) -> None:
    assert item.lines() == lines


@given(title=TEXT, artist=TEXT, absence=TEXT.filter(bool))
def test_no_title_makes_a_line_of_its_own(
    title: str, artist: str, absence: str
) -> None:
    here = PlaylistItem(position=1, title=title, artist=artist, path="a.mp3")
    gone = PlaylistItem(position=1, title=title, absence=absence)
    assert here.lines().splitlines()[1:] == ["a.mp3"]
    assert len(here.lines().splitlines()) == 2
    assert len(gone.lines().splitlines()) == 1
    assert len(head(title).splitlines()) == 2
    assert gone.lines().startswith("# ")


@given(text=TEXT, more=TEXT.filter(bool))
def test_a_playlist_that_somebody_has_changed_is_known(text: str, more: str) -> None:
    ours = sealed(f"{text}\n")
    assert is_untouched(ours, "c")
    assert not is_untouched(ours, "another")
    assert not is_untouched(more.encode() + ours, "c")
    assert not is_untouched(ours + more.encode(), "c")
    assert not is_untouched(text.encode(), "c")
    assert not is_untouched(b"", "c")
