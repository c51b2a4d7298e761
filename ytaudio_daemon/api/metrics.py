"""Metrics in Prometheus' text format. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from ytaudio_daemon.api.counter_metrics import counter_metrics
from ytaudio_daemon.model import JobState, SessionState
from ytaudio_daemon.model.gates import GateName

__all__ = ["CONTENT_TYPE", "exposition"]


def exposition(
    *,
    counts: Mapping[JobState, int],
    sessions: Mapping[SessionState, int],
    kept: Mapping[str, float],
    daemon: Mapping[str, Any] | None,
    is_up: bool,
    streams: int,
) -> bytes:
    """Return the metrics as Prometheus reads them.

    Args:
        counts: Jobs by state, from the ledger.
        sessions: Sessions by state, from the ledger.
        kept: The counters that only grow, from the ledger.
        daemon: The daemon's document, if there is one.
        is_up: True if the daemon is running.
        streams: The number of clients that watch a job.
    """
    figures: list[Metric] = [
        _labelled_gauge(
            "ytaudio_jobs",
            "Jobs in the ledger now, by state. Those of ended sessions leave it in time.",
            "state",
            counts,
        ),
        _labelled_gauge(
            "ytaudio_sessions",
            "Sessions in the ledger now, by state.",
            "state",
            sessions,
        ),
        Gauge(
            "ytaudio_daemon_up",
            "1 while the daemon runs; without it, metrics of the daemon are its last.",
            int(is_up),
        ),
        Gauge(
            "ytaudio_api_streams",
            "Clients of this server that watch a job now (GET /api/jobs/ID/events).",
            streams,
        ),
        *counter_metrics(kept),
    ]
    if daemon is not None:
        figures += _daemon_gauges(daemon)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StaticCollector(figures))
    return generate_latest(registry)


#: By name of the metric, without its prefix.
SLOT_WORDS = {
    "workers_busy": "Downloads that run now, of ytaudio_workers_max.",
    "workers_max": "Downloads at once, at most: [download] workers.",
    "converters_busy": "Conversions that run now, of ytaudio_converters_max.",
    "converters_max": "Conversions at once, at most: [download] converters.",
}


class _StaticCollector(Collector):
    """Passes finished metrics to prometheus_client."""

    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        return iter(self._figures)


def _daemon_gauges(document: Mapping[str, Any]) -> list[Gauge]:
    """Return the metrics of the daemon's document, as of its last heartbeat."""
    daemon, disk = document["daemon"], document["disk"]
    closed = {gate["name"] for gate in document["gates"]}
    gates = {name: int(name in closed) for name in GateName}
    # A daemon of before has none in its document.
    egresses = {e["name"]: int(e["open"]) for e in document.get("egress", [])}
    codes = [problem["code"] for problem in document["problems"]]
    problems = {code: codes.count(code) for code in codes}
    plain = [
        (
            "ytaudio_disk_free_bytes",
            "Bytes free on the disk of downloads/.",
            disk["free_bytes"],
        ),
        (
            "ytaudio_disk_reserve_bytes",
            "Bytes of it that are kept free: with less, nothing is started.",
            disk["reserve_bytes"],
        ),
        (
            "ytaudio_yt_dlp_age_days",
            "Days since the yt-dlp in use was released; above 90 is a problem.",
            daemon["yt_dlp_age_days"],
        ),
    ]
    slots = {
        f"{kind}_{what}": daemon[kind][what]
        for kind in ("workers", "converters")
        for what in ("busy", "max")
    }
    return [
        *(Gauge(name, words, n) for name, words, n in plain if n is not None),
        *(Gauge(f"ytaudio_{name}", SLOT_WORDS[name], n) for name, n in slots.items()),
        _labelled_gauge(
            "ytaudio_gate_shut",
            "1 while nothing is started: closed, due or being tried.",
            "gate",
            gates,
        ),
        _labelled_gauge(
            "ytaudio_egress_open",
            "1 while no gate stops this way out to YouTube.",
            "egress",
            egresses,
        ),
        _labelled_gauge(
            "ytaudio_problems",
            "Problems that `ytaudio status` names now, by code.",
            "code",
            problems,
        ),
    ]


def _labelled_gauge(
    name: str, words: str, label: str, numbers: Mapping[Any, int]
) -> Gauge:
    gauge = Gauge(name, words, labels=[label])
    for value, number in numbers.items():
        gauge.add_metric([str(value)], number)
    return gauge
