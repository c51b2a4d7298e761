"""The documents of promises and threats name tests that exist, and leave none out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(document: str) -> list[str]:
    """Return the numbered rows of a document's table."""
    text = (CHECKOUT / "docs" / document).read_text()
    return re.findall(r"^\| \d+ \|.*", text, re.MULTILINE)


@cache
def functions(path: str) -> set[str]:
    """Return the names of a module's own functions."""
    tree = ast.parse((CHECKOUT / path).read_text())
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("document", ["promises.md", "threats.md"])
def test_every_test_named_exists(document: str) -> None:
    named = NODE.findall((CHECKOUT / "docs" / document).read_text())
    assert named
    for path, test in named:
        assert test in functions(path), f"{document}: {path}::{test}"


@pytest.mark.parametrize(
    ("document", "count"), [("promises.md", 70), ("threats.md", 29)]
)
def test_every_row_has_a_test_or_a_reason(document: str, count: int) -> None:
    found = rows(document)
    assert [int(row.split("|")[1]) for row in found] == list(range(1, count + 1))
    for row in found:
        assert NODE.search(row) or row.split("|")[-2].strip(), row
