"""The ledger's counters as Prometheus' counters and histograms. Pure.

Every series of a closed set exists from the start, at zero: a rate over a series that
appears with its first event would miss that event.
"""

from collections.abc import Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import HistogramMetricFamily as Histogram
from prometheus_client.core import Metric

from ytaudio_daemon.jobs.phase_times import BOUNDS_S, NO_BOUND, TIMED_PHASES
from ytaudio_daemon.ledger import counters
from ytaudio_daemon.model import FailureKind, JobState

#: How an attempt ends, besides the failure kinds.
OTHER_RESULTS = ("completed", "interrupted", "cancelled")


def counter_metrics(totals: Mapping[str, float]) -> list[Metric]:
    """Return the metrics of the counters that `ledger.counters.read_all` returned."""
    return [
        _finished_jobs(totals),
        _attempts(totals),
        _plain(
            "ytaudio_downloaded_bytes",
            "Bytes fetched from YouTube, those of failed attempts included.",
            totals.get(counters.DOWNLOADED_BYTES, 0),
        ),
        _plain(
            "ytaudio_published_bytes",
            "Bytes of the audio files that were published.",
            totals.get(counters.PUBLISHED_BYTES, 0),
        ),
        _phase_seconds(totals),
    ]


def _finished_jobs(totals: Mapping[str, float]) -> Metric:
    metric = Counter(
        "ytaudio_finished_jobs",
        "Jobs that ended, by state; `kind` is why a failed one failed, else empty. A job"
        " that is retried and ends again counts again.",
        labels=["state", "kind"],
    )
    ends = [(JobState.COMPLETED, ""), (JobState.CANCELLED, "")]
    for state, kind in [*ends, *((JobState.FAILED, kind) for kind in FailureKind)]:
        name = counters.counter_name(counters.FINISHED_JOBS, state, kind)
        metric.add_metric([state, kind], totals.get(name, 0))
    return metric


def _attempts(totals: Mapping[str, float]) -> Metric:
    metric = Counter(
        "ytaudio_attempts",
        "Tries that ended: completed, interrupted (by a stop of the daemon), cancelled,"
        " or the kind of their failure.",
        labels=["result"],
    )
    for result in (*OTHER_RESULTS, *FailureKind):
        name = counters.counter_name(counters.ATTEMPTS, result)
        metric.add_metric([result], totals.get(name, 0))
    return metric


def _plain(name: str, help_text: str, value: float) -> Metric:
    return Counter(name, help_text, value=value)


def _phase_seconds(totals: Mapping[str, float]) -> Metric:
    metric = Histogram(
        "ytaudio_phase_seconds",
        "Seconds that tries were in a phase. Stored twice a minute: what a crash of the"
        " daemon cuts off is lost.",
        labels=["phase"],
    )
    bounds = [*map(str, BOUNDS_S), NO_BOUND]
    for phase in TIMED_PHASES:
        name = counters.counter_name(counters.PHASE_BUCKETS, phase)
        numbers = accumulate(totals.get(f"{name}:{bound}", 0) for bound in bounds)
        seconds = totals.get(counters.counter_name(counters.PHASE_SECONDS, phase), 0)
        buckets = list(zip(bounds, numbers, strict=True))
        metric.add_metric([phase], buckets=buckets, sum_value=seconds)
    return metric
