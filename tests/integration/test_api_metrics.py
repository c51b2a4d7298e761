"""Metrics: series at zero, counters of the ledger, and the dashboard in examples/."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.ledger_rig import (
    NO_LIMIT,
    NOW,
    claimed,
    drop,
    later,
    links,
    song,
)
from ytaudio_daemon.api.metrics import exposition
from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.jobs.phase_times import PhaseTimes
from ytaudio_daemon.ledger import Ledger, bulk_cancel, counters, queries, transitions
from ytaudio_daemon.model import FailureKind, JobState, Outcome, SessionState
from ytaudio_daemon.model.decide import Decision
from ytaudio_daemon.model.gates import GateName

DASHBOARD = Path(__file__).parents[2] / "examples" / "grafana" / "ytaudio.json"
DAEMON = {
    "daemon": {
        "yt_dlp_age_days": 3,
        "workers": {"busy": 1, "max": 3},
        "converters": {"busy": 0, "max": 2},
    },
    "disk": {"free_bytes": 5, "reserve_bytes": 1},
    "gates": [{"name": "site"}],
    "egress": [{"name": "default", "open": False}],
    "problems": [{"code": "site"}],
}
#: A sample's labels, as name=value, behind its metric's name.
Samples = dict[tuple[str, ...], float]


def served(kept: dict[str, float]) -> tuple[Samples, dict[str, str]]:
    """Return every sample and every HELP text, as Prometheus reads them."""
    text = exposition(
        counts=dict.fromkeys(JobState, 0),
        sessions=dict.fromkeys(SessionState, 0),
        totals=kept,
        daemon=DAEMON,
        is_up=True,
        streams=0,
    ).decode()
    families = list(text_string_to_metric_families(text))
    samples = {
        (s.name, *sorted(f"{k}={v}" for k, v in s.labels.items())): s.value
        for family in families
        for s in family.samples
    }
    return samples, {family.name: family.documentation for family in families}


def kept_in(ledger: Ledger) -> dict[str, float]:
    with ledger.read() as db:
        return counters.read_all(db)


def test_every_series_of_a_closed_set_exists_at_zero() -> None:
    samples, _ = served({})
    for kind in FailureKind:
        at_zero = ("ytaudio_finished_jobs_total", f"kind={kind}", "state=failed")
        assert samples[at_zero] == 0
        assert samples["ytaudio_attempts_total", f"result={kind}"] == 0
    for gate in GateName:
        assert samples["ytaudio_gate_shut", f"gate={gate}"] == (gate is GateName.SITE)
    assert samples["ytaudio_phase_seconds_count", "phase=downloading"] == 0
    assert samples["ytaudio_downloaded_bytes_total",] == 0


def test_every_help_text_explains() -> None:
    _, helps = served({})
    assert len(helps) > 15
    assert [name for name, words in helps.items() if len(words) < 25] == []


def test_the_ledger_counts_ends_tries_and_bytes(ledger: Ledger) -> None:
    drop(ledger, "party", links("good", "bad", "waiting", "left"))
    good, bad, again = claimed(ledger), claimed(ledger), claimed(ledger)
    failure = failure_for("private_video")
    with ledger.write() as db:
        transitions.begin_publish(
            db, good.fence, output_path="/x", sha256="a", now=later(1)
        )
        transitions.complete(db, good.fence, song(), later(1), NO_LIMIT)
        for claim, to in ((bad, JobState.FAILED), (again, JobState.WAITING)):
            retry_at = NOW.wall + 9 if to is JobState.WAITING else None
            decision = Decision(to=to, failure=failure, retry_at=retry_at)
            failed = Outcome(failure=failure, downloaded_bytes=100)
            transitions.record_failure(
                db, claim.fence, failed, decision, later(2), NO_LIMIT
            )
    samples, _ = served(kept_in(ledger))
    name = "ytaudio_finished_jobs_total"
    assert samples[name, "kind=", "state=completed"] == 1
    assert samples[name, "kind=unavailable", "state=failed"] == 1
    assert samples["ytaudio_attempts_total", "result=completed"] == 1
    assert samples["ytaudio_attempts_total", "result=unavailable"] == 2
    loaded = song().downloaded_bytes
    assert samples["ytaudio_downloaded_bytes_total",] == loaded + 200
    result = song().result
    assert result is not None
    assert samples["ytaudio_published_bytes_total",] == result.size_bytes


def test_jobs_cancelled_by_the_hundred_are_counted(ledger: Ledger) -> None:
    drop(ledger, "party", links(*(f"v{n}" for n in range(30))))
    with ledger.write() as db:
        session = queries.find_jobs(db)[0].session_id
        bulk_cancel.cancel_batch(
            db, session, NOW, reason=transitions.CANCELLED_BY_USER, quota=NO_LIMIT
        )
    samples, _ = served(kept_in(ledger))
    cancelled = ("ytaudio_finished_jobs_total", "kind=", "state=cancelled")
    assert samples[cancelled] == 30


def test_phases_become_a_histogram_over_several_beats(ledger: Ledger) -> None:
    times = PhaseTimes()
    for mono, attempt in ((0.0, "one"), (100.0, "two")):
        times.observe(attempt, "resolving", mono)
        times.observe(attempt, "resolving", mono + 0.5)
        times.observe(attempt, "downloading", mono + 1.5)
        times.observe(attempt, "publishing", mono + 9.5)
        times.observe(attempt, None, mono + 9.6)
        with ledger.write() as db:
            counters.add(db, times.totals())
        times.clear()
    samples, _ = served(kept_in(ledger))
    bucket = "ytaudio_phase_seconds_bucket"
    assert samples[bucket, "le=1.0", "phase=resolving"] == 0
    assert samples[bucket, "le=2.0", "phase=resolving"] == 2
    assert samples[bucket, "le=+Inf", "phase=downloading"] == 2
    assert samples["ytaudio_phase_seconds_sum", "phase=downloading"] == 16.0


def test_an_attempt_that_ends_in_its_first_phase_leaves_nothing_behind() -> None:
    times = PhaseTimes()
    times.observe("one", "resolving", 1.0)
    times.observe("one", None, 2.0)
    times.observe("one", None, 3.0)
    assert sum(times.totals().values()) == 2.0  # one phase of one second


def test_every_metric_of_the_dashboard_exists() -> None:
    samples, _ = served({})
    known = {name for name, *_ in samples}
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\bytaudio_\w+", target["expr"])
    }
    assert len(asked) > 12
    assert asked <= known


@pytest.mark.parametrize("label", ["state", "kind", "result", "phase", "gate", "code"])
def test_every_label_of_the_dashboard_exists(label: str) -> None:
    samples, _ = served({})
    assert any(one.startswith(f"{label}=") for _, *labels in samples for one in labels)
    assert f"{{{{{label}}}}}" in DASHBOARD.read_text()
