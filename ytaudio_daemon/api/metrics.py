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
    totals: Mapping[str, float],
    daemon: Mapping[str, Any] | None,
    is_up: bool,
    streams: int,
) -> bytes:
    """Return the metrics as Prometheus reads them.

    Args:
        counts: Jobs by state, from the ledger.
        sessions: Sessions by state, from the ledger.
        totals: The counters that only grow, from the ledger.
        daemon: The daemon's document, if there is one.
        is_up: True if the daemon is running.
        streams: The number of clients that watch a job.
    """
    figures: list[Metric] = [
        *_ledger_gauges(counts, sessions),
        *counter_metrics(totals),
        _gauge("ytaudio_daemon_up", int(is_up)),
        _gauge("ytaudio_api_streams", streams),
    ]
    if daemon is not None:
        figures += _daemon_gauges(daemon)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StaticCollector(figures))
    return generate_latest(registry)


#: The HELP text of each gauge without labels, by name.
GAUGE_HELP = {
    "ytaudio_daemon_up": "1 while the daemon runs; without it, metrics of the daemon are its last.",
    "ytaudio_api_streams": "Clients of this server that watch a job now (GET /api/jobs/ID/events).",
    "ytaudio_disk_free_bytes": "Bytes free on the disk of downloads/.",
    "ytaudio_disk_reserve_bytes": "Bytes of it that are kept free: with less, nothing is started.",
    "ytaudio_yt_dlp_age_days": "Days since the yt-dlp in use was released; above 90 is a problem.",
    "ytaudio_workers_busy": "Downloads that run now, of ytaudio_workers_max.",
    "ytaudio_workers_max": "Downloads at once, at most: [download] workers.",
    "ytaudio_converters_busy": "Conversions that run now, of ytaudio_converters_max.",
    "ytaudio_converters_max": "Conversions at once, at most: [download] converters.",
}


class _StaticCollector(Collector):
    """Passes finished metrics to prometheus_client."""

    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        return iter(self._figures)


def _ledger_gauges(
    counts: Mapping[JobState, int], sessions: Mapping[SessionState, int]
) -> list[Gauge]:
    jobs_help = (
        "Jobs in the ledger now, by state. Those of ended sessions leave it in time."
    )
    sessions_help = "Sessions in the ledger now, by state."
    return [
        _labelled_gauge("ytaudio_jobs", jobs_help, "state", counts),
        _labelled_gauge("ytaudio_sessions", sessions_help, "state", sessions),
    ]


def _daemon_gauges(document: Mapping[str, Any]) -> list[Gauge]:
    """Return the metrics of the daemon's document, as of its last heartbeat."""
    daemon, disk = document["daemon"], document["disk"]
    numbers = {
        "ytaudio_disk_free_bytes": disk["free_bytes"],
        "ytaudio_disk_reserve_bytes": disk["reserve_bytes"],
        "ytaudio_yt_dlp_age_days": daemon["yt_dlp_age_days"],
    }
    for kind in ("workers", "converters"):
        for what in ("busy", "max"):
            numbers[f"ytaudio_{kind}_{what}"] = daemon[kind][what]
    known = {name: number for name, number in numbers.items() if number is not None}
    return [
        *(_gauge(name, number) for name, number in known.items()),
        *_obstacle_gauges(document),
    ]


def _obstacle_gauges(document: Mapping[str, Any]) -> list[Gauge]:
    """Return the metrics of closed gates, egresses and problems."""
    closed = {gate["name"] for gate in document["gates"]}
    gates = {name: int(name in closed) for name in GateName}
    # The document of an older daemon has none.
    egresses = {e["name"]: int(e["open"]) for e in document.get("egress", [])}
    codes = [problem["code"] for problem in document["problems"]]
    problems = {code: codes.count(code) for code in codes}
    gate_help = "1 while nothing is started: closed, due or being tried."
    egress_help = "1 while no gate stops this way out to YouTube."
    problem_help = "Problems that `ytaudio status` names now, by code."
    return [
        _labelled_gauge("ytaudio_gate_shut", gate_help, "gate", gates),
        _labelled_gauge("ytaudio_egress_open", egress_help, "egress", egresses),
        _labelled_gauge("ytaudio_problems", problem_help, "code", problems),
    ]


def _gauge(name: str, number: float) -> Gauge:
    return Gauge(name, GAUGE_HELP[name], number)


def _labelled_gauge(
    name: str, help_text: str, label: str, numbers: Mapping[Any, int]
) -> Gauge:
    gauge = Gauge(name, help_text, labels=[label])
    for value, number in numbers.items():
        gauge.add_metric([str(value)], number)
    return gauge
