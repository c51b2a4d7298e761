"""The flags that select entries of a playlist, album or channel."""

import argparse
from collections.abc import Callable
from typing import Any

from ytaudio_daemon.model import OptionError
from ytaudio_daemon.model.collection_options import (
    ORDERS,
    YES_OR_NO,
    check_collection_option,
)


def option_flag(key: str) -> str:
    """Return the flag of an option of collections."""
    return f"--{key.replace('_', '-')}"


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each option that a collection's line may have."""
    group = parser.add_argument_group(
        "of playlists and channels; those of a file's lines win"
    )
    for key, (metavar, help_text) in _FLAGS.items():
        group.add_argument(
            option_flag(key), dest=key, metavar=metavar, type=_checked(key), help=help_text,
            choices=_CHOICES.get(key),
        )  # fmt: skip


_LIST_HELP = "whether the list in a link such as watch?v=\u2026&list=\u2026 is meant (default: no)"
_FLAGS = {
    "items": ("RANGES", "positions in the list, such as 1-12,15 or 20-"),
    "order": ("ORDER", f"which come first: {' '.join(ORDERS)} (default: list)"),
    "min": ("LENGTH", "none that is shorter, such as 90s or 2m"),
    "max": ("LENGTH", "none that is longer, such as 1h30m"),
    "since": ("DAY", "none that was uploaded before, such as 2026-01-31"),
    "until": ("DAY", "none that was uploaded later"),
    "match": ("WORDS", "only titles with these words, in any case"),
    "not": ("WORDS", "no titles with these words"),
    "max_items": ("N", "at most so many (default: 500, or the config's)"),
    "list": ("YES", f"{' or '.join(YES_OR_NO)}: {_LIST_HELP}"),
}
_CHOICES = {"order": ORDERS, "list": YES_OR_NO}


def given_selection(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of collections that were given as flags."""
    return {key: getattr(args, key) for key in _FLAGS if getattr(args, key) is not None}


def _checked(key: str) -> Callable[[str], Any]:
    def check(text: str) -> Any:
        try:
            return check_collection_option(key, text)
        except OptionError as error:
            raise argparse.ArgumentTypeError(error.message) from error

    return check
