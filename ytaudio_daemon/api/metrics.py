"""Metrics in Prometheus' text format. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from ytaudio_daemon.model import JobState, SessionState

__all__ = ["CONTENT_TYPE", "exposition"]


def exposition(
    *,
    counts: Mapping[JobState, int],
    sessions: Mapping[SessionState, int],
    daemon: Mapping[str, Any] | None,
    is_up: bool,
    streams: int,
) -> bytes:
    """Return the metrics as Prometheus reads them.

    Args:
        counts: Jobs by state, from the ledger.
        sessions: Sessions by state, from the ledger.
        daemon: The daemon's document, if there is one.
        is_up: True if the daemon is running.
        streams: The number of clients that watch a job.
    """
    figures = [
        _labelled_gauge("ytaudio_jobs", "Jobs by state.", "state", counts),
        _labelled_gauge("ytaudio_sessions", "Sessions by state.", "state", sessions),
        Gauge("ytaudio_daemon_up", "Whether the daemon is running.", int(is_up)),
        Gauge("ytaudio_api_streams", "Clients that watch a job.", streams),
    ]
    if daemon is not None:
        figures += _daemon_gauges(daemon)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StaticCollector(figures))
    return generate_latest(registry)


class _StaticCollector(Collector):
    """Passes finished metrics to prometheus_client."""

    def __init__(self, figures: list[Gauge]) -> None:
        self._gauges = figures

    def collect(self) -> Iterator[Gauge]:
        return iter(self._gauges)


def _daemon_gauges(document: Mapping[str, Any]) -> list[Gauge]:
    """Return the metrics of the daemon's document, as of its last heartbeat."""
    daemon, disk = document["daemon"], document["disk"]
    gates = {gate["name"]: 1 for gate in document["gates"]}
    # A daemon of before has none in its document.
    egresses = {e["name"]: int(e["open"]) for e in document.get("egress", [])}
    codes = [problem["code"] for problem in document["problems"]]
    problems = {code: codes.count(code) for code in codes}
    plain = [
        ("ytaudio_disk_free_bytes", "Free space for downloads.", disk["free_bytes"]),
        ("ytaudio_disk_reserve_bytes", "Kept free.", disk["reserve_bytes"]),
        (
            "ytaudio_yt_dlp_age_days",
            "Days since this yt-dlp was released.",
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
        *(Gauge(f"ytaudio_{name}", "Slots.", n) for name, n in slots.items()),
        _labelled_gauge(
            "ytaudio_gate_shut", "1 while nothing is begun.", "gate", gates
        ),
        _labelled_gauge(
            "ytaudio_egress_open", "1 while no gate stops it.", "egress", egresses
        ),
        _labelled_gauge(
            "ytaudio_problems", "Problems that need a person.", "code", problems
        ),
    ]


def _labelled_gauge(
    name: str, words: str, label: str, numbers: Mapping[Any, int]
) -> Gauge:
    gauge = Gauge(name, words, labels=[label])
    for value, number in numbers.items():
        gauge.add_metric([str(value)], number)
    return gauge
