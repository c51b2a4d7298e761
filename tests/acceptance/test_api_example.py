"""The client that the original document shows, as it stands there."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.api_rig import Front

ROOT = Path(__file__).parents[2]

#: Word by word; only the base URL is put in.
ORIGINAL = '''
#!/usr/bin/env python3
"""API client example."""

import requests
import time

API_BASE = "http://localhost:8000"

# Create session
response = requests.post(f"{API_BASE}/api/sessions/")
session_data = response.json()
session_uuid = session_data['session_uuid']

# Create download job
job_data = {
    "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "media_type": "audio",
    "quality": "bestaudio",
    "output_format": "mp3"
}

headers = {"X-Session-ID": session_uuid}
response = requests.post(f"{API_BASE}/api/jobs/", json=job_data, headers=headers)
job_response = response.json()
job_id = job_response['job_uuid']

# Monitor progress
while True:
    response = requests.get(f"{API_BASE}/api/jobs/{job_id}", headers=headers)
    job_status = response.json()

    print(f"Status: {job_status['status']}, Progress: {job_status.get('progress_percent', 0)}%")

    if job_status['status'] in ['completed', 'failed']:
        break

    time.sleep(2)

print(f"Final status: {job_status['status']}")
if job_status['status'] == 'completed':
    print(f"Output: {job_status['output_path']}")
'''


def run(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def must_be_done(said: list[str]) -> None:
    *_, final, output = said
    assert final == "Final status: completed"
    path = Path(output.removeprefix("Output: "))
    assert path.is_file()
    assert path.suffix == ".mp3"


def test_the_originals_client_runs_unchanged(front: Front) -> None:
    said = run("-c", ORIGINAL.replace("http://localhost:8000", front.base))
    assert all(line.startswith("Status: ") and line.endswith("%") for line in said[:-2])
    must_be_done(said)


def test_the_shipped_client_runs(front: Front) -> None:
    script = str(ROOT / "examples" / "api_client.py")
    must_be_done(run(script, front.base, "https://youtu.be/EXAMPLECLNT"))
