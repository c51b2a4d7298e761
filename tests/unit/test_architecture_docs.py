"""docs/architecture.md draws the rooms that import-linter holds the code to."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_layers_are_those_of_the_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = config["tool"]["importlinter"]["contracts"][0]
    held = [set(layer.split(" | ")) for layer in contract["layers"]]
    text = (ROOT / "docs" / "architecture.md").read_text()
    block = text.split("## Who may import whom")[1].split("```")[1]
    lines = [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines()]
    assert [set(line.split(" | ")) for line in lines] == held
