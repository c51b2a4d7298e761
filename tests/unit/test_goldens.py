"""What users see stays as it is, byte for byte, whatever is renamed inside.

Each file in `tests/goldens` holds one kind of it. To write them anew after a change
that is meant, and then read the difference:

    YTAUDIO_WRITE_GOLDENS=1 python -m pytest tests/unit/test_goldens.py

Modules may move: what no public name leads to is found in the source.
"""

import argparse
import ast
import hashlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout, suppress
from difflib import unified_diff
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, is_typeddict

import pytest
from sqlalchemy import create_mock_engine

import ytaudio_daemon
from ytaudio_daemon.cli import main

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "tests" / "goldens"
PACKAGE = Path(ytaudio_daemon.__path__[0])
#: Asked before the tests clear the environment.
WRITES = bool(os.environ.get("YTAUDIO_WRITE_GOLDENS"))
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
#: Prints the API's description instead of serving it.
DESCRIBE = """
import json, sys, uvicorn; from ytaudio_daemon.cli import main
told = lambda server: json.dumps(server.config.app.openapi(), indent=1, sort_keys=True)
uvicorn.Server.run = lambda self, **_: print(told(self)); sys.exit(main(sys.argv[1:]))
"""


@cache
def trees() -> dict[Path, ast.Module]:
    """Parse the package; only here, for every process of the tests imports this module."""
    return {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def sources() -> str:
    return "".join(path.read_text() for path in trees())


@cache
def nodes() -> list[ast.AST]:
    return [node for tree in trees().values() for node in ast.walk(tree)]


@cache
def enums() -> list[list[ast.expr]]:
    """Return the values of each enumeration."""
    return [
        [part.value for part in node.body if isinstance(part, ast.Assign)]
        for node in nodes()
        if isinstance(node, ast.ClassDef)
        and "Enum" in "".join(map(ast.dump, node.bases))
    ]


def lines(found: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in sorted(set(found)))


def told(*words: str) -> str:
    """Return what the command prints."""
    with redirect_stdout(io.StringIO()) as out, suppress(SystemExit):
        main(words)
    return out.getvalue()


def helps(_: Path) -> str:
    """Tell the help of the program, of each command, and of each command's verbs."""
    overview = told("--help").split("\nEveryday:")[1]
    commands = re.findall(r"^  ([a-z]+) +\S", overview, re.MULTILINE)
    seen: list[argparse.ArgumentParser] = []

    def see(parser: argparse.ArgumentParser) -> None:
        seen.append(parser)
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                seen.extend(action.choices.values())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "print_help", see)
        for command in ("", *commands):
            told(*command.split(), "--help")
    return "\n".join(f"$ {p.prog} --help\n{p.format_help()}" for p in seen)


def config(*flags: str) -> str:
    """Tell the settings where nothing is configured; the root is "/" then."""
    return told("--config", os.devnull, "config", *flags)


def openapi(folder: Path) -> str:
    """Tell what `ytaudio serve` would serve; it runs apart, for it sets logging up."""
    flags = ["--config", os.devnull, "--root", str(folder)]
    argv = [sys.executable, "-c", DESCRIBE, *flags, "serve", "--port=0"]
    said = subprocess.check_output(argv, text=True, cwd=folder).partition("\n")[2]
    return said.replace(f'"{ytaudio_daemon.__version__}"', '"<VERSION>"')


def digests(_: Path) -> str:
    own = [CHECKOUT / "config" / "ytaudio.toml", CHECKOUT / "docs" / "ytaudio.1"]
    files = {path.name: path.read_bytes() for path in (*own, *PACKAGE.rglob("*.json"))}
    return lines(f"{name} {hashlib.sha256(b).hexdigest()}" for name, b in files.items())


def constants(node: ast.AST | None) -> Iterator[str]:
    """Yield the literals that an expression may be, and the firm parts of an f-string."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*constants(one), *constants(other))
        case ast.JoinedStr(values=parts):
            yield from (text for part in parts for text in constants(part))


def given(*names: str) -> set[str]:
    said = (n.value for n in nodes() if isinstance(n, ast.keyword) and n.arg in names)
    return {text for value in said for text in constants(value)}


def codes(_: Path) -> str:
    """Tell what is given as a code, or stands as a word before a sentence."""
    found = given("code")
    for node in nodes():
        parts = [*ast.iter_child_nodes(node)]
        half = len(parts) // 2 if isinstance(node, ast.Dict) else 1
        for first, second in zip(parts, parts[half:], strict=False):
            said = second.args if isinstance(second, ast.Call) else [second]
            if any(" " in text for part in said for text in constants(part)):
                found |= {w for w in constants(first) if re.fullmatch("[a-z_]{2,}", w)}
    return lines(found)


@cache
def literals() -> frozenset[str]:
    """Return every string that is no docstring, and the firm parts of f-strings."""
    docs = {id(node.value) for node in nodes() if isinstance(node, ast.Expr)}
    return frozenset(t for n in nodes() if id(n) not in docs for t in constants(n))


def texts(_: Path) -> str:
    """Tell every message, hint and other literal of several words but child programs."""
    found = given("message", "hint") | {text for text in literals() if " " in text}
    found -= {text for text in found if re.search(r"\nimport |^import ", text)}
    return json.dumps(sorted(found), indent=0, ensure_ascii=False) + "\n"


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def words(_: Path) -> str:
    """Tell enumerations' values, and such as `a_b`, `a.b` that name nothing inside."""
    form = re.compile(r"[a-z]+[0-9]*([_./-][a-z0-9]+)+")
    found = {text for text in literals() if form.fullmatch(text)}
    if WRITES:
        inside = "".join(
            f".{module_of(path)}.{getattr(node, field)}."
            for path, tree in trees().items()
            for node in ast.walk(tree)
            for field in {"id", "attr", "arg", "name"}.intersection(node._fields)
        )
        found = {text for text in found if f".{text}." not in inside}
    return lines(found | {t for part in enums() for v in part for t in constants(v)})


def called(*names: str) -> Iterator[tuple[str, str, str]]:
    for node in nodes():
        match node:
            case ast.Call(ast.Attribute(attr=name), [first, *_]) if name in names:
                keywords = ",".join(sorted(word.arg or "**" for word in node.keywords))
                yield from ((text, name, keywords) for text in constants(first))


def exit_codes(_: Path) -> str:
    """Tell the numbers of errors, and of the enumeration that knows Ctrl-C's."""
    found = re.findall(r"^ +(exit_code = \d+)", sources(), re.MULTILINE)
    for values in (list(map(ast.unparse, values)) for values in enums()):
        found += [f"status {value}" for value in values if "130" in values]
    return lines(found)


def tables(_: Path) -> str:
    """Tell the ledger's statements, and its revisions with what each follows."""
    found = re.findall(r"^(?:down_)?revision\b.*", sources(), re.MULTILINE)
    made: list[Any] = []
    engine = create_mock_engine("sqlite://", lambda ddl, *_, **__: made.append(ddl))
    for path in trees():
        for name in re.findall(r"\n(\w+) = (?:\w+\.)?MetaData\(", path.read_text()):
            metadata = getattr(import_module(module_of(path)), name)
            metadata.create_all(engine, checkfirst=False)
    return lines([*found, *(str(ddl.compile(engine)).strip() for ddl in made)])


def python(_: Path) -> str:
    """Tell what programs may import, and how it is called."""
    offers = {name: getattr(ytaudio_daemon, name) for name in ytaudio_daemon.__all__}
    offers["settings.load"] = import_module("ytaudio_daemon.settings").load
    found = [f"ProgressCallback = {offers['ProgressCallback']}"]
    for name, thing in offers.items():
        if is_typeddict(thing):
            found.append(f"{name} {thing.__annotations__}")
            continue
        is_called = inspect.isclass(thing) or inspect.isfunction(thing)
        found.append(f"{name}{inspect.signature(thing) if is_called else ''}")
        for member, function in inspect.getmembers(thing, inspect.isfunction):
            if member[0] != "_" or member == "__enter__":
                found.append(f"{name}.{member}{inspect.signature(function)}")
    return re.sub(r"ytaudio_daemon(\.\w+)+\.", "", lines(found))


def environment(_: Path) -> str:
    found = "\n".join([config("--keys"), *literals()])
    return lines(re.findall("YTAUDIO_[A-Z_]*[A-Z]", found))


GOLDENS: dict[str, Callable[[Path], str]] = {
    "help.txt": helps,
    "config.txt": lambda _: config(),
    "config.json": lambda _: config("--json"),
    "config-keys.json": lambda _: config("--keys", "--json"),
    "formats.json": lambda _: told("formats", "--json"),
    "digests.txt": digests,
    "openapi.json": openapi,
    "log-events.txt": lambda _: lines(" ".join(call) for call in called(*LEVELS)),
    "exit-codes.txt": exit_codes,
    "codes.txt": codes,
    "texts.json": texts,
    "words.txt": words,
    "ledger.sql": tables,
    "steps.txt": lambda _: lines(text for text, *_ in called("at", "failpoint")),
    "python.txt": python,
    "environment.txt": environment,
}


@pytest.fixture(scope="module", autouse=True)
def forgotten_afterwards() -> Iterator[None]:
    """Give half a million nodes back: each later collection of garbage would visit them."""
    yield
    for remembered in (trees, nodes, enums, sources, literals):
        remembered.cache_clear()


@pytest.mark.parametrize("name", GOLDENS)
def test_users_see_what_they_saw(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in {key for key in os.environ if key.startswith("YTAUDIO_")}:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    seen = GOLDENS[name](tmp_path)
    if WRITES:
        (FOLDER / name).write_text(seen)
    before, now = (FOLDER / name).read_text().splitlines(), seen.splitlines()
    if name in {"codes.txt", "words.txt"}:  # more may come, nothing may be lost
        now = [line for line in now if line in before]
    changes = [*unified_diff(before, now, "seen before", "seen now", n=1, lineterm="")]
    assert not changes, "\n".join(changes)
    assert {file.name for file in FOLDER.iterdir()} <= {*GOLDENS}
