"""The parts of a report: tables, and names with values."""

from collections.abc import Sequence
from typing import NamedTuple

from ytaudio_daemon.cli.output import Output


class Facts(NamedTuple):
    """Names with values."""

    pairs: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """Rows under headers."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Facts | Table


def print_blocks(output: Output, blocks: Sequence[Block]) -> None:
    """Print blocks with a blank line between, in a pager if they do not fit."""
    with output.paged():
        for number, block in enumerate(blocks):
            if number:
                output.line()
            if isinstance(block, Facts):
                output.facts(block.pairs)
            else:
                output.table(block.headers, block.rows)
