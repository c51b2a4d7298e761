"""Probes videos that are known to work, while an outage of YouTube is suspected or on."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.config_values import egress_keys, network
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.outage_suspicion import end_outage, suspect_again
from ytaudio_daemon.jobs.runner import JobRunner
from ytaudio_daemon.ledger import Connection, Ledger, gates, outages
from ytaudio_daemon.model import Failure, FetchRequest, Options
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import EgressTurns, is_open
from ytaudio_daemon.model.gates import GateName, outage_gate
from ytaudio_daemon.model.outage import (
    OF_THE_VIDEO,
    Outage,
    OutageState,
    ProbeVerdict,
    after_failing_round,
    after_suspicion,
    round_verdict,
)
from ytaudio_daemon.pool import Ended, Event, Pool
from ytaudio_daemon.system.text import shortened
from ytaudio_daemon.urls import Link, parse_link

log = structlog.get_logger()

#: So many of the last completed videos are known to work.
KNOWN_VIDEOS = 3
#: Probed after those and `[engine] canary`, which may be gone: YouTube's first video.
LAST_RESORT = Link(video_id="jNQXAC9IVRw")
#: Of the failures' message, as the outage's reason quotes it.
MAX_QUOTED_CHARS = 80
#: A probe may take so long, in seconds.
PROBE_DEADLINE_S = 120.0


@dataclass(slots=True)
class _Round:
    """The probes of one round.

    Attributes:
        links: Not probed yet.
        egress: The key of the egress that all of them go by.
        key: Of the probe that runs, or "".
        failures: Of the probes that ended; None for one that worked.
    """

    links: list[Link]
    egress: str
    key: str = ""
    failures: list[Failure | None] = field(default_factory=list)


class OutageProber:
    """Probes one known video at a time, and writes what follows to the ledger.

    All of its state that matters is in the ledger: after a crash it probes again.

    Args:
        ledger: Holds the outage and its gate.
        layout: Names the folder of yt-dlp's cache.
        pool: Runs the probes.
        job_runner: Has the settings and the tools.
    """

    def __init__(
        self, ledger: Ledger, layout: Layout, pool: Pool, job_runner: JobRunner
    ) -> None:
        self._ledger = ledger
        self._layout = layout
        self._pool = pool
        self._job_runner = job_runner
        self._round: _Round | None = None
        #: Each round goes by another egress: only some of them may be refused.
        self._egress_turns = EgressTurns()

    def run_if_due(self, now: Now) -> None:
        """Give back the charges of a confirmed outage, and start a probe if one is due.

        Raises:
            LedgerError: The next call goes on.
        """
        with self._ledger.read() as db:
            outage = outages.find_outage(db)
            if outage is None:
                return
            closed = gates.closed_gates(db)
        if outage.must_be_suspected_again(now.wall):
            with self._ledger.write() as db:
                suspect_again(db, outage, now)
            return
        self._settle(outage, now)
        others = [gate for gate in closed if gate.name is not GateName.OUTAGE]
        keys = egress_keys(self._job_runner.settings)
        usable = [key for key in keys if is_open(key, others, now.wall)]
        if self._round is None and usable and outage.is_probe_due(now.wall):
            egress = self._egress_turns.in_order(usable, ())[0]
            self._egress_turns.use(egress)
            self._begin_round(egress)
        self._start_probe()

    def collect(self, events: Iterable[Event]) -> None:
        """Store how a probe has ended; `finish_ended` draws the conclusion."""
        for event in events:
            probes = self._round
            if probes and isinstance(event, Ended) and event.key == probes.key:
                probes.failures.append(event.outcome.failure)
                probes.key = ""

    def finish_ended(self, now: Now) -> None:
        """Record the verdict of a round of probes, once it has one.

        Raises:
            LedgerError: The next call tries again.
        """
        probes = self._round
        if probes is None or probes.key or not probes.failures:
            return
        with self._ledger.read() as db:
            outage = outages.find_outage(db)
        if outage is None:  # a job has proven it over meanwhile
            self._round = None
            return
        verdict = round_verdict(outage, probes.failures, has_more=bool(probes.links))
        if verdict is None:
            return
        with self._ledger.write() as db:
            if (outage := outages.find_outage(db)) is not None:
                _conclude(db, outage, probes.failures, verdict, now)
        self._round = None

    def _begin_round(self, egress: str) -> None:
        """List the videos that are known to work, the last completed ones first."""
        settings = self._job_runner.settings
        has_account = network(settings).always_uses_cookies
        with self._ledger.read() as db:
            videos = outages.known_videos(db, KNOWN_VIDEOS, with_cookies=has_account)
        known = map(Link, videos)
        canaries = map(parse_link, settings.engine.canary)
        links = list(dict.fromkeys([*known, *canaries, LAST_RESORT]))
        self._round = _Round(links, egress)

    def _start_probe(self) -> None:
        probes = self._round
        if probes is None or probes.key or not probes.links:
            return
        if not self._pool.free_slots():
            return
        link = probes.links.pop(0)
        probes.key = str(uuid.uuid4())
        self._pool.start(self._request(probes.key, link, probes.egress))
        log.info("outage.probed", video=link.video_id)

    def _request(self, key: str, link: Link, egress: str) -> FetchRequest:
        request = fetch_request(
            self._job_runner.settings,
            self._job_runner.tools,
            key=key,
            attempt=1,
            link=link,
            options=Options(format="m4a", quality="worstaudio").to_json(),
            # Never made: a probe writes nothing.
            attempt_dir=self._layout.attempt_dir(key, 1),
            cache_dir=self._layout.cache,
            egress=egress,
        )
        limits = replace(request.limits, deadline_s=PROBE_DEADLINE_S)
        return replace(request, limits=limits, is_probe=True)

    def _settle(self, outage: Outage, now: Now) -> None:
        """Give back the charges of a confirmed outage, a batch at a time."""
        if outage.state is not OutageState.CONFIRMED or outage.is_settled:
            return
        with self._ledger.write() as db:
            settled = outages.refund_attempts(db, outage, now)
            if settled:
                outages.save_outage(db, replace(outage, is_settled=True))


def _conclude(
    db: Connection,
    outage: Outage,
    failures: Sequence[Failure | None],
    verdict: ProbeVerdict,
    now: Now,
) -> None:
    """Write the verdict of a round of probes."""
    if outage.state is OutageState.SUSPECTED:
        outage = after_suspicion(outage, verdict, now.wall)
        outages.save_outage(db, outage)
        log.warning(
            "outage.judged", state=outage.state.value, signature=outage.signature
        )
    elif verdict is ProbeVerdict.WORKS:
        end_outage(db, outage, now)
        return
    if outage.state is OutageState.CONFIRMED:
        _close_gate(db, outage, failures, verdict, now)


def _close_gate(
    db: Connection,
    outage: Outage,
    failures: Sequence[Failure | None],
    verdict: ProbeVerdict,
    now: Now,
) -> None:
    """Close the gate `outage` until the next round of probes.

    A known video whose failure may be its own fault may be gone. Then one job is let
    through as a probe; if it fails alike, it is not charged.
    """
    first = failures[0]
    may_be_gone = first is not None and first.kind in OF_THE_VIDEO
    outage = after_failing_round(outage, failures)
    gate = outage_gate(
        gates.find_gate(db, GateName.OUTAGE),
        _reason(outage),
        now.wall,
        lets_job_probe=may_be_gone or verdict is ProbeVerdict.UNDECIDED,
    )
    gates.close_gate(db, gate)
    outages.save_outage(db, replace(outage, probe_at=gate.until))


def _reason(outage: Outage) -> str:
    since = datetime.fromtimestamp(outage.began_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    message = shortened(outage.message, MAX_QUOTED_CHARS)
    return (
        f"YouTube has an outage: since {since} all videos fail alike, also those that "
        f"worked before: {message}"
    )
