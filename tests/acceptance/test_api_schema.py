"""Schemathesis finds nothing wrong with the API by its own description."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.api_rig import Front

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
@pytest.mark.parametrize("examples", [3, pytest.param(30, marks=pytest.mark.long)])
def test_the_api_keeps_to_its_description(
    front: Front, tmp_path: Path, examples: int
) -> None:
    log = front.house.root / "serve.err"  # of all that serve this house
    before = log.stat().st_size
    made = front.new_session()
    session = made["session_uuid"]
    front.house.must("session", "set", made["uuid"], "--max-jobs", "0")
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("st")),
            "--config-file",
            str(HERE / "schemathesis.toml"),
            "--no-color",
            "run",
            f"{front.base}/api/openapi.json",
            "--header",
            f"X-Session-ID: {session}",
            f"--max-examples={examples}",
            # One thread: ast.parse, which hypothesis uses to describe lambdas, fails with
            # "AST constructor recursion depth mismatch" in two at once on Python 3.11.
            "--workers=1",
            "--seed=4",  # the same cases for everybody
            "--request-timeout=60",
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # It went deep enough to have jobs made.
    assert front.house.query("SELECT 1 FROM jobs WHERE video_id LIKE 'SCHEMA%'")
    said = log.read_bytes()[before:]
    assert b"api.failed" not in said
    assert b"Traceback" not in said
