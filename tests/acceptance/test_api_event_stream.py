"""The stream of a job's progress, and what ends it."""

import json
from collections.abc import Iterator

import httpx

from tests.acceptance.api_rig import TIMEOUT_S, Front, ask_for, served, wait_for
from tests.acceptance.rig import Document, House, ids
from tests.youtube import Fault, Video, YouTube


def events_in(lines: Iterator[str]) -> Iterator[tuple[str, Document]]:
    """Yield (event, job) of a stream."""
    event = ""
    for line in lines:
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))


def streams(front: Front) -> str:
    """Return how many streams the server counts."""
    lines = front.http.get("/api/metrics").text.splitlines()
    return next(line for line in lines if line.startswith("ytaudio_api_streams "))


def test_it_tells_of_progress_and_ends_with_the_job(
    front: Front, site: YouTube
) -> None:
    [video] = ids("APISTREAM", 1)
    site.add(Video(id=video, duration_s=20, formats={"aac"}))
    site.fault(video, Fault.throttles(100_000))
    client = front.client()
    job = ask_for(client, video)["job_uuid"]
    with client.stream("GET", f"/api/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = list(events_in(stream.iter_lines()))
    assert {event for event, _ in told[:-1]} == {"progress"}
    event, last = told[-1]
    assert (event, last["status"]) == ("finalized", "completed")
    percents = [job["progress_percent"] for _, job in told]
    assert percents == sorted(percents)
    assert any(0 < percent < 100 for percent in percents)
    front.house.wait(lambda: streams(front) == "ytaudio_api_streams 0.0")


def test_of_a_finished_job_it_tells_once(front: Front) -> None:
    client = front.client()
    job = ask_for(client, ids("APISTRDONE", 1)[0])["job_uuid"]
    wait_for(front.house, client, job, "completed")
    with client.stream("GET", f"/api/jobs/{job}/events") as stream:
        told = list(events_in(stream.iter_lines()))
    assert [event for event, _ in told] == ["finalized"]


def test_a_client_that_goes_and_a_server_that_stops_end_it(
    api_home: House, site: YouTube
) -> None:
    [video] = ids("APIGONE", 1)
    site.add(Video(id=video, duration_s=20, formats={"aac"}))
    site.fault(video, Fault.throttles(1000))
    with served(api_home) as front:
        client = front.client()
        job = ask_for(client, video)["job_uuid"]
        with client.stream("GET", f"/api/jobs/{job}/events") as stream:
            lines = stream.iter_lines()
            next(lines)
            front.house.wait(lambda: streams(front) == "ytaudio_api_streams 1.0")
        front.house.wait(lambda: streams(front) == "ytaudio_api_streams 0.0")
        lasting = httpx.Client(
            base_url=front.base, headers=client.headers, timeout=TIMEOUT_S
        )
        request = lasting.build_request("GET", f"/api/jobs/{job}/events")
        lines = lasting.send(request, stream=True).iter_lines()
        next(lines)
    # The server was told to stop, and did, with status 0: so the stream has ended.
    assert all(line != "event: finalized" for line in lines)
    lasting.close()
    api_home.must("cancel", job)
