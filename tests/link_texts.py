"""Texts as people write them, with links in many forms; strategies for hypothesis."""

from collections.abc import Callable

from hypothesis import strategies as st

#: Words before a link, its form, its video, what parts it from the next one.
LinkInWords = tuple[str, Callable[[str], str], str, str]

VIDEO_IDS = st.from_regex(r"[A-Z][a-z][0-9_-][A-Za-z0-9_-]{7}[0-9]", fullmatch=True)
#: Every form that names a video, whether it is taken or refused.
FORMS: list[Callable[[str], str]] = [
    lambda v: f"https://youtu.be/{v}",
    lambda v: f"http://www.youtube.com/watch?v={v}&list=PLx",
    lambda v: f"youtu.be/{v}?si=abc",
    lambda v: f"https://m.youtube.com/shorts/{v}",
    lambda v: f"https://www.youtube.com/watch?feature=share&amp;v={v}",
    lambda v: f"https%3A%2F%2Fyoutu.be%2F{v}",
    lambda v: rf"https:\/\/youtu.be\/{v}",
    lambda v: f"https://www.google.com/url?q=https%3A%2F%2Fyoutu.be%2F{v}&sa=D",
    lambda v: f"https://yewtu.be/watch?v={v}",
    lambda v: f"https://i.ytimg.com/vi/{v}/hqdefault.jpg",
]
SEPARATORS = st.sampled_from(
    [
        *(" ", ", ", " | ", "\t", "\n", "\n\n", " and\n  ", "\n# ", " #word ", " # "),
        *("\n#", "; ", " -> ", "\u2028", "\r\n", "\n- ", "\n1. ", ") (", "\n    "),
        *(" x=y ", "\n;"),
    ]
)
WORDS = st.one_of(
    st.just(""),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12),
    st.sampled_from(["format=opus", "Song #1", '12" mix', "(3:45)", "[x](", "**", "~"]),
)
LINKS = st.lists(
    st.tuples(WORDS, st.sampled_from(FORMS), VIDEO_IDS, SEPARATORS),
    min_size=1,
    max_size=6,
)


def text_of(links: list[LinkInWords]) -> str:
    """Write the links down, each in its form among its words."""
    return "".join(f"{words} {form(v)}{parted}" for words, form, v, parted in links)
