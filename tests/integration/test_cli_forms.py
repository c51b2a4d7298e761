"""What commands print for programs is what the shipped schemas describe."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.forms import SCHEMAS, assert_described
from tests.integration import cli_rig
from tests.integration.cli_rig import Rig

LINES = "https://youtu.be/AAAAAAAAAAA tag.artist=A\nnonsense\nyoutu.be/AAAAAAAAAAA\n"
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A root with a session of its own limits and jobs in many states."""
    made = Rig(tmp_path_factory.mktemp("forms"))
    ledger = made.ledger()
    with ledger.write() as db:
        cli_rig.record(db, "party", "AB!")
        cli_rig.complete(db, made.layout.downloads / "x" / "song.mp3")
        cli_rig.fail(db)
    ledger.close()
    made.layout.inbox.mkdir(exist_ok=True)
    (made.root / "songs.txt").write_text(LINES)
    (made.root / "binary.txt").write_bytes(bytes(range(256)))
    assert made.call("session", "set", "party", "--ttl", "7d").code == 0
    yield made
    made.close()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("check", "check songs.txt"),
        ("check", "check binary.txt"),
        ("config", "config"),
        ("config-keys", "config --keys"),
        ("doctor", "doctor"),
        ("download", "download --output-dir out nonsense --format flac"),
        ("formats", "formats"),
        ("job", "show {job}"),
        ("jobs", "jobs"),
        ("session-details", "session show party"),
        ("sessions", "session list"),
        ("wait", "wait --session party"),
    ],
)
def test_the_document_is_described(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, form: str, words: str
) -> None:
    monkeypatch.chdir(rig.root)
    job = rig.call("jobs", "--json").json["jobs"][0]["id"]
    document = rig.call(*words.format(job=job).split(), "--json").json
    assert document["schema"] == f"ytaudio.{form}/1"
    assert_described(document)


def test_receivers_that_were_tried_are_described(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YTAUDIO_NOTIFY_COMMAND", "/bin/false")
    tried = rig.call("notify", "test", "--json")
    assert tried.code == 1
    assert tried.json["receivers"][0]["said"] == "ended with status 1"
    assert_described(tried.json)


def test_every_form_is_documented() -> None:
    told = "".join(path.read_text() for path in DOCS.glob("*.md"))
    for file in SCHEMAS.iterdir():
        if file.name.endswith(".json"):
            name = json.loads(file.read_text())["properties"]["schema"]["const"]
            assert f"`{name}`" in told or f'"{name}"' in told, name


#: Without a schema so far; the list may only grow shorter.
NOT_YET = {f"ytaudio.{name}/1" for name in ("engine", "engine-upgrade")}


def test_every_form_that_is_printed_is_shipped() -> None:
    package = resources.files("ytaudio_daemon")
    printed = {
        name
        for path in Path(str(package), "cli").rglob("*.py")
        for name in re.findall(r'"(ytaudio\.[a-z-]+/\d)"', path.read_text())
    }
    shipped = {
        json.loads(file.read_text())["properties"]["schema"]["const"]
        for file in SCHEMAS.iterdir()
        if file.name.endswith(".json")
    }
    assert printed - shipped == NOT_YET
