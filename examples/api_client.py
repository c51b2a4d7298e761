#!/usr/bin/env python3
"""API client: create a session and a job, watch it, print where the audio is.

ytaudio run & ytaudio serve &
python examples/api_client.py [BASE_URL [LINK]]
"""

import sys
import time

import requests

API_BASE = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
LINK = (
    sys.argv[2] if len(sys.argv) > 2 else "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
)

# Create session
response = requests.post(f"{API_BASE}/api/sessions/", timeout=10)
session_data = response.json()
session_uuid = session_data["session_uuid"]

# Create download job
job_data = {
    "url": LINK,
    "media_type": "audio",
    "quality": "bestaudio",
    "output_format": "mp3",
}

headers = {"X-Session-ID": session_uuid}
response = requests.post(
    f"{API_BASE}/api/jobs/", json=job_data, headers=headers, timeout=10
)
job_response = response.json()
job_id = job_response["job_uuid"]
if job_response["note"]:
    print(f"Note: {job_response['note']}")

# Monitor progress
while True:
    response = requests.get(
        f"{API_BASE}/api/jobs/{job_id}", headers=headers, timeout=10
    )
    job_status = response.json()

    print(
        f"Status: {job_status['status']}, "
        f"Progress: {job_status.get('progress_percent', 0)}%"
    )

    if job_status["status"] in ["completed", "failed", "cancelled"]:
        break

    time.sleep(2)

print(f"Final status: {job_status['status']}")
if job_status["status"] == "completed":
    print(f"Output: {job_status['output_path']}")
else:
    print(f"Why: {job_status['error_message']}")
    sys.exit(1)
