"""The documents about the API and the original: what they name exists."""

import ast
import re
from pathlib import Path

from ytaudio_daemon.api import problems
from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG
from ytaudio_daemon.model.gates import GateName
from ytaudio_daemon.model.host_errors import CODE_ALIASES, HOST_ERROR_CODES

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
API = CHECKOUT / "ytaudio_daemon" / "api"
NODE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
#: Codes that are made elsewhere than in `fetch.messages`.
OTHER_CODES = {
    *("not_a_url", "unsupported_site", "not_a_video", "bad_video_id"),
    *("mirror", "bare_id"),
    *("engine_outdated", "bad_option", "bad_media"),
}


def cells(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading."""
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [
        re.split(r" \| ", row)
        for row in re.findall(r"^\| ?(.*?) ?\|$", section, re.MULTILINE)
    ]


def test_every_test_that_the_walk_names_exists() -> None:
    named = NODE.findall((DOCS / "original.md").read_text())
    assert len(named) > 50
    for path, test in named:
        tree = ast.parse((CHECKOUT / path).read_text())
        functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        assert not test or test in functions, f"{path}::{test}"


def test_troubleshooting_names_codes_that_exist() -> None:
    text = (DOCS / "troubleshooting.md").read_text()
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings[:4] == [
        "Download fails",
        "Session errors",
        "Format issues",
        "Progress not updating",
    ]
    firsts = [row[0] for row in cells(text, "Download fails")[2:]]
    codes = {code for cell in firsts for code in re.findall(r"`(\w+)`", cell)}
    assert codes
    failures = {*FAILURE_CATALOG, *OTHER_CODES, *HOST_ERROR_CODES, *CODE_ALIASES}
    assert codes <= failures | set(GateName)


def test_every_code_of_the_host_is_documented_and_every_old_one() -> None:
    text = (DOCS / "status-files.md").read_text()
    codes = HOST_ERROR_CODES | CODE_ALIASES.keys()
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_every_problems_code_is_documented() -> None:
    source = "".join(path.read_text() for path in API.glob("*.py"))
    said = set(re.findall(r'Problem\(\s*\d+,\s*"(\w+)"', source))
    said |= {code for _, _, code in problems.STATUS_BY_ERROR}
    assert len(said) > 15
    text = (DOCS / "api.md").read_text()
    assert [code for code in sorted(said) if f"`{code}`" not in text] == []
