"""What this program's own code may not use, whatever it is told."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import ytaudio_daemon

PACKAGE = Path(ytaudio_daemon.__path__[0])
#: They turn bytes into code or objects of any kind.
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "yaml", "code"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "system", "popen", "tempnam", "mktemp"}


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Parse the package; returns its modules by path."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
    }


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


def forbidden_in(tree: ast.AST) -> set[str]:
    """Return the forbidden modules and functions that a module uses."""
    calls = {name for owner, name in called(tree) if owner in {"", "os", "tempfile"}}
    return FORBIDDEN_MODULES & set(imported(tree)) | FORBIDDEN_CALLS & calls


def names_shell(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.keyword) and node.arg == "shell" for node in ast.walk(tree)
    )


def test_nothing_turns_data_into_code() -> None:
    found = {path: forbidden_in(tree) for path, tree in trees().items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_nothing_is_started_by_a_shell() -> None:
    assert [path for path, tree in trees().items() if names_shell(tree)] == []
