"""A file of the package is one thing, and so is a class: neither grows too long."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ytaudio_daemon"
MAX_FILE_LINES = 400
MAX_CLASS_LINES = 200


def _too_long(source: str) -> list[str]:
    """The file itself, "", and its classes that are too long."""
    found = [""] if len(source.splitlines()) > MAX_FILE_LINES else []
    return found + [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= MAX_CLASS_LINES
    ]


def test_no_file_and_no_class_is_too_long() -> None:
    found = {f: _too_long(f.read_text()) for f in PACKAGE.rglob("*.py")}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("#\n" * 400, []),
        ("#\n" * 401, [""]),
        ("class A:\n" + " a = 1\n" * 199, []),
        ("class A:\n" + " a = 1\n" * 200, ["A"]),
    ],
)
def test_what_is_too_long_is_found(source: str, found: list[str]) -> None:
    assert _too_long(source) == found
