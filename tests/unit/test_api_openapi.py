"""The OpenAPI description: complete, sound, and true to the original's list."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ytaudio_daemon.api.app import create_app
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.request_models import NewJob
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.model.options import OPTION_KEYS
from ytaudio_daemon.settings import load

DOCS = Path(__file__).parents[2] / "docs" / "api.md"

#: The original document's list.
ORIGINAL = {
    ("post", "/api/jobs/"),
    ("get", "/api/jobs/{job_id}"),
    ("get", "/api/jobs/"),
    ("get", "/api/jobs/{job_id}/paths"),
    ("put", "/api/jobs/{job_id}/status"),
    ("post", "/api/sessions/"),
    ("get", "/api/sessions/{session_uuid}"),
    ("get", "/api/sessions/"),
    ("get", "/api/sessions/stats/overview"),
    ("get", "/api/health"),
    ("get", "/api/metrics"),
    ("get", "/api/status"),
}


def description(folder: Path, token: str | None = None) -> dict[str, Any]:
    layout = Layout(
        inbox=folder, downloads=folder, library=None, status=folder, state=folder
    )
    ledger = Ledger(f"sqlite:///{folder}/none.sqlite3")  # never asked
    settings = load(None, {"YTAUDIO_PATHS_ROOT": str(folder)})
    context = ApiContext(
        ledger=ledger,
        layout=layout,
        settings=settings,
        daemon_down_reason=str,
        token=token,
    )
    return create_app(context).openapi()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return description(tmp_path_factory.mktemp("api"))


def operations(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    }


def test_every_endpoint_of_the_original_is_there(told: dict[str, Any]) -> None:
    assert set(operations(told)) >= ORIGINAL


def test_every_operation_is_described(told: dict[str, Any]) -> None:
    for (method, path), operation in operations(told).items():
        assert operation["summary"], path
        assert operation["description"], path
        assert "default" in operation["responses"], (method, path)
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, parameter["name"])


def test_every_reference_leads_somewhere(told: dict[str, Any]) -> None:
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(told)))
    assert names <= set(told["components"]["schemas"])
    assert {"Job", "JobAnswer", "Session", "Daemon", "Problem"} <= names
    for schema in told["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_who_needs_what_depends_on_the_token(
    told: dict[str, Any], tmp_path: Path
) -> None:
    opening = ("post", "/api/sessions/")
    assert "security" not in operations(told)[opening]
    assert operations(told)["get", "/api/jobs/"]["security"] == [{"session": []}]
    with_token = operations(description(tmp_path, "token"))
    assert with_token[opening]["security"] == [{"operator": []}]


def test_every_option_can_be_posted() -> None:
    names = {"format": "output_format"}
    taken = set(NewJob.model_fields)
    assert all(
        names.get(key, key) in taken or key.startswith("tag.") for key in OPTION_KEYS
    )


def test_every_endpoint_is_documented(told: dict[str, Any]) -> None:
    text = DOCS.read_text()
    for method, path in operations(told):
        assert f"`{method.upper()} {path}`" in text, (method, path)
