"""What this program's own code may not use, whatever it is told."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import ytaudio_daemon

PACKAGE = Path(ytaudio_daemon.__path__[0])
FILES = sorted(PACKAGE.rglob("*.py"))
#: They turn bytes into code or objects of any kind.
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "code"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "system", "popen", "tempnam", "mktemp"}


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def called(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what a forbidden name that is called belongs to, and the name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield "", node.func.id
            elif isinstance(node.func, ast.Attribute) and (
                node.func.attr in FORBIDDEN_CALLS
            ):
                yield ast.unparse(node.func.value), node.func.attr


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_turns_data_into_code(path: Path) -> None:
    tree = parsed(path)
    assert not FORBIDDEN_MODULES & set(imported(tree))
    calls = {name for owner, name in called(tree) if owner in {"", "os", "tempfile"}}
    assert not FORBIDDEN_CALLS & calls


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_is_started_by_a_shell(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.keyword) and node.arg == "shell":
            raise AssertionError(path)
