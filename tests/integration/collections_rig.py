"""A house whose lister gets the pages that a test has written down, page by page.

The ledger, the intake, the lister and the views are real. Of the pool only the lane of
listings is played: a test must say between which two pages a daemon dies.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.integration.intake_rig import LIVE, STRUCK, House
from tests.integration.views_rig import result_of
from ytaudio_daemon.collections.lister import CollectionLister
from ytaudio_daemon.collections.look_queue import LookQueue
from ytaudio_daemon.daemon.reload import view_settings
from ytaudio_daemon.ledger import claims, transitions
from ytaudio_daemon.maintenance.old_file_removal import OldFileRemover
from ytaudio_daemon.model import (
    Failure,
    FailureKind,
    ListedEntry,
    ListedPage,
    ListRequest,
    ListTotals,
    Outcome,
)
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.list_totals import FeedState
from ytaudio_daemon.pool import Ended, Event, Listed
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views import Views

PLAYLIST = "https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
OTHER = "https://www.youtube.com/playlist?list=PLother0000000000000000000000000000"
KILLED = Failure(kind=FailureKind.CRASHED, code="killed", message="It was killed.")


def video(number: int) -> str:
    return f"v{number:010}"


def listed(
    numbers: Sequence[int], *, unavailable: Sequence[int] = (), pause: int = 100
) -> list[ListedPage]:
    """Return pages whose entries are the videos of those numbers, in that order."""
    entries = [
        ListedEntry(
            position=position,
            video_id=video(number),
            title=f"Song {number}",
            duration_s=float(number),
            unavailable="private" if number in unavailable else "",
        )
        for position, number in enumerate(numbers, 1)
    ]
    parts = [entries[start : start + pause] for start in range(0, len(entries), pause)]
    return [
        ListedPage(
            number=number,
            kind="playlist",
            list_id="PLsongs",
            title="Songs",
            announced=len(entries),
            entries=tuple(part),
        )
        for number, part in enumerate(parts, 1)
    ]


class ListingLane:
    """The pool's lane of listings, with the lists that a test has written down.

    Attributes:
        lists: By URL: the pages of a list.
        failures: By URL: the failure behind the pages, if the list has no end.
        feeds: By URL: the feed's entries, the newest first, or what it says instead.
        asked: The requests that came, in order.
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[ListedPage]] = {}
        self.feeds: dict[str, list[ListedEntry] | FeedState] = {}
        self.failures: dict[str, Failure] = {}
        self.asked: list[ListRequest] = []
        self._running: dict[str, list[Event]] = {}

    def free_listing_slots(self) -> int:
        return 1 - len(self._running)

    def start(self, request: ListRequest) -> None:
        self.asked.append(request)
        pages, failure = self.lists[request.url], self.failures.get(request.url)
        key, attempt = request.key, request.attempt
        entries = sum(len(page.entries) for page in pages)
        totals = ListTotals(entries=entries)
        feed = self.feeds.get(request.url, FeedState.ABSENT) if request.feed else None
        if feed is not None and not failure:
            pages, totals = feed_pages(feed)
        end = Outcome(failure=failure) if failure else Outcome(listed=totals)
        self._running[key] = [
            *(Listed(key=key, attempt=attempt, page=page) for page in pages),
            Ended(key=key, attempt=attempt, outcome=end, worker_crashed=False),
        ]

    def kill(self, key: str) -> None:
        if key in self._running:
            end = self._running[key][-1]
            outcome = Outcome(failure=KILLED)
            self._running[key] = [
                Ended(
                    key=key,
                    attempt=end.attempt,
                    outcome=outcome,
                    worker_crashed=False,
                )
            ]

    def poll(self) -> list[Event]:
        """Return one event of each listing that runs."""
        events = [waiting.pop(0) for waiting in self._running.values()]
        self._running = {key: left for key, left in self._running.items() if left}
        return events


def feed_pages(
    feed: list[ListedEntry] | FeedState,
) -> tuple[list[ListedPage], ListTotals]:
    if isinstance(feed, FeedState):
        return [], ListTotals(entries=0, feed=feed)
    page = ListedPage(number=1, kind="playlist", entries=tuple(feed), is_feed=True)
    totals = ListTotals(entries=len(feed), feed=FeedState.READ, etag='"1"')
    return [page] if feed else [], totals


def in_feed(*numbers: int, day: str = "2026-11-01") -> list[ListedEntry]:
    """Return the entries of a feed: the videos of those numbers, the newest first."""
    return [
        ListedEntry(
            position=position,
            video_id=video(number),
            title=f"Song {number}",
            upload_date=day,
        )
        for position, number in enumerate(numbers, 1)
    ]


class CollectionsHouse(House):
    """An inbox, a ledger and a lister; every `restart` is another daemon's."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.lane = ListingLane()
        super().__init__(root, **environment)

    def restart(self) -> None:
        super().restart()
        old = self.lane
        self.lane = ListingLane()
        self.lane.lists, self.lane.failures = old.lists, old.failures
        self.lane.feeds = old.feeds
        self.look_queue = LookQueue(self.ledger)
        self.remover = OldFileRemover(self.ledger, self.layout, self.settings)
        self.lister = CollectionLister(
            self.ledger,
            self.layout,
            self.lane,  # type: ignore[arg-type] # what it uses of a pool
            self.settings,
            "here",
        )
        self.lister.recover(self.now)

    def step(self) -> bool:
        """Do what a turn of the loop does for collections; return whether it did any."""
        self.lister.start_listings(self.now)
        events = self.lane.poll()
        self.lister.collect(events)
        has_more = self.lister.has_unrecorded
        self.lister.record(self.now)
        return bool(events) or has_more

    def look(self) -> None:
        """Queue the looks that are due, and list until nothing is left to list now."""
        while self.look_queue.queue_due(self.now):
            pass
        self.list_all()

    def list_all(self) -> None:
        """List until nothing is left to list now."""
        while self.step():
            pass

    def die_looking_at(self, step: str, count: int = 1) -> None:
        """Look in a process that ends when it passes a step for the n-th time."""
        self._die_at(step, count, self.look)

    def list_and_die_at(self, step: str, count: int = 1) -> None:
        """List in a process that ends when it passes a step for the n-th time."""
        self._die_at(step, count, self.list_all)

    def _die_at(self, step: str, count: int, work: Callable[[], None]) -> None:
        self.ledger.close()
        pid = os.fork()
        if pid == 0:
            passed = 0

            def strike(name: str, _: str) -> None:
                nonlocal passed
                passed += name == step
                if passed == count:
                    os._exit(STRUCK)

            failpoints.on_failpoint(strike)
            try:
                work()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == STRUCK
        self.restart()

    def entries(self) -> list[tuple[object, ...]]:
        """Return position, video, reason and state of the job of each entry, in order."""
        return self.ask(
            "SELECT position, entries.video_id, COALESCE(skipped, unavailable), state"
            " FROM entries LEFT JOIN jobs ON jobs.id = job_id"
            " ORDER BY entries.collection_id, position"
        )

    def states(self) -> list[object]:
        """Return the state of each collection."""
        return [
            state for (state,) in self.ask("SELECT state FROM collections ORDER BY id")
        ]

    def finish_jobs(self) -> None:
        """Run all jobs that may start to their good end, and fill the library."""
        with self.ledger.read() as db:
            ((queued,),) = db.exec_driver_sql("SELECT queued FROM totals").all()
        for _ in range(queued):
            self._finish_next()
        views = Views(self.ledger, self.layout, view_settings(self.settings))
        views.rebuild(self.now, LIVE)
        while views.next_due(self.now) == 0:
            views.refresh(self.now, LIVE, force=True)
        views.close()

    def _finish_next(self) -> None:
        quota = self.settings.sessions.quota
        with self.ledger.write() as db:
            claim = claims.claim_next(db, self.now, "here", Pace(burst=0, per_hour=0))
            assert claim is not None
            audio, title = claim.video_id.encode(), f"Song {int(claim.video_id[1:])}"
            path = self.layout.audio_file(
                claim.session_uuid, claim.uuid, f"{title}.mp3"
            )
            path.parent.mkdir(parents=True)
            path.write_bytes(audio)
            result = result_of(audio, title)
            assert transitions.begin_publish(
                db,
                claim.fence,
                output_path=str(path),
                sha256=result.sha256,
                now=self.now,
            )
            outcome = Outcome(result=result)
            assert transitions.complete(db, claim.fence, outcome, self.now, quota)

    def remove_old_files(self) -> None:
        """Remove what is beyond `keep_last`."""
        while self.remover.remove_some(self.now):
            pass

    def die_removing_at(self, step: str, count: int = 1) -> None:
        """Remove old files in a process that ends when it passes a step."""
        self._die_at(step, count, self.remove_old_files)

    def end_job(self, number: int, now: Now, reason: str = "cancelled") -> None:
        """Let the job of a video be cancelled, so that it runs again when asked for."""
        (found,) = self.ask(f"SELECT id FROM jobs WHERE video_id = '{video(number)}'")
        quota = self.settings.sessions.quota
        with self.ledger.write() as db:
            transitions.cancel(db, int(str(found[0])), now, reason=reason, quota=quota)
