"""docs/architecture.md names rooms and functions that exist."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_layers_are_those_of_the_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = config["tool"]["importlinter"]["contracts"][0]
    held = [set(layer.split(" | ")) for layer in contract["layers"]]
    text = (ROOT / "docs" / "architecture.md").read_text()
    block = text.split("## Who may import whom")[1].split("```")[1]
    lines = [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines()]
    assert [set(line.split(" | ")) for line in lines] == held


def _answers() -> list[tuple[str, str]]:
    """The (file, names) that the table "Where is …" points to."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("## Where is …")[1].split("\n## ")[0].split("| question |")[1]
    return re.findall(r"`([\w/]+\.py)`(?:: ((?:`[\w.]+`(?:, )?)+))?", table)


def _definitions(file: Path) -> set[str]:
    """Names defined at the top of a module, and `Class.member`."""
    found = set()
    for node in ast.parse(file.read_text()).body:
        match node:
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                found |= {name} | {
                    f"{name}.{member.name}"
                    for member in body
                    if isinstance(member, ast.FunctionDef)
                }
            case ast.Assign(targets=targets):
                found |= {t.id for t in targets if isinstance(t, ast.Name)}
            case ast.ImportFrom(names=names):
                found |= {alias.asname or alias.name for alias in names}
            case _:
                pass
    return found


@pytest.mark.parametrize(("file", "names"), _answers())
def test_what_a_stranger_is_pointed_to_exists(file: str, names: str) -> None:
    defined = _definitions(ROOT / "ytaudio_daemon" / file)
    assert set(re.findall(r"`([\w.]+)`", names)) <= defined


def test_twenty_questions_are_answered() -> None:
    assert len(_answers()) >= 20
