"""Lists collections without a ledger: the same worker and selection as the daemon's."""

import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from ytaudio_daemon.collections.list_requests import list_request
from ytaudio_daemon.downloader.await_attempt import kill_and_wait
from ytaudio_daemon.downloader.egress_choice import EgressChoice
from ytaudio_daemon.downloader.expansion import ExpandedEntry, Expansion
from ytaudio_daemon.downloader.folder_downloader import output_folder_failure
from ytaudio_daemon.downloader.pool_thread import AttemptHandle
from ytaudio_daemon.downloader.retry_policy import retry_delay_s
from ytaudio_daemon.downloader.stop_signal import INTERRUPTED, POLL_S, StopSignal
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout, publishing
from ytaudio_daemon.model import Failure, ListedEntry, ListedPage, Outcome
from ytaudio_daemon.model.selection import in_order
from ytaudio_daemon.pool import Ended, Listed
from ytaudio_daemon.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandControl:
    """How the caller of a listing waits for it and ends it.

    Attributes:
        stop_signal: Ends the listing early, at any level.
        on_wait: Called every `POLL_S` while no page comes.
    """

    stop_signal: StopSignal
    on_wait: Callable[[], None] = lambda: None


class CollectionExpander:
    """Lists the entries of collections; safe to use from many threads.

    Args:
        settings: As `with_short_retries` returns them.
        runtime: Runs the workers.
        open_work_dir: Opens the tree in which attempts work.
        egress: Which egress attempts take.
        private_paths: What attempts must not reach; none: they are not confined.
    """

    def __init__(
        self,
        settings: Settings,
        runtime: WorkerRuntime,
        open_work_dir: Callable[[], AbstractContextManager[Layout]],
        egress: EgressChoice,
        private_paths: Sequence[Path] = (),
    ) -> None:
        self._private_paths = private_paths
        self._settings = settings
        self._runtime = runtime
        self._open_work_dir = open_work_dir
        self._egress = egress

    def expand(
        self, expansion: Expansion, control: ExpandControl
    ) -> Generator[ExpandedEntry]:
        """Yield the entries of a collection as they are listed.

        Where the order needs all of them first, they come at the end, in that order.
        Afterwards `expansion.failure` is set if the listing ended early.

        Args:
            expansion: Has the request; the collection's facts are stored in it.
            control: Follows the listing and ends it early.
        """
        request = expansion.request
        limit = request.selection.limit(expansion.max_items)
        decides_at_once = request.order == "list"
        with closing(self._list_entries(expansion, control)) as listed:
            entries: Iterator[ListedEntry] = listed
            if not decides_at_once:
                entries = iter(in_order(list(entries), request.order))
            for entry in entries:
                yield expansion.decide(entry)
                if expansion.wanted >= limit and decides_at_once:
                    expansion.is_full = _may_have_more(expansion, entry.position)
                    break
        expansion.has_ended = True

    def _list_entries(
        self, expansion: Expansion, control: ExpandControl
    ) -> Generator[ListedEntry]:
        """Yield every entry once; what stops the listing is stored in the expansion."""
        try:
            with self._open_work_dir() as layout:
                yield from self._list_with_retries(expansion, control, layout)
        except (OSError, UnsafePathError) as error:
            expansion.failure = output_folder_failure(error)

    def _list_with_retries(
        self, expansion: Expansion, control: ExpandControl, layout: Layout
    ) -> Generator[ListedEntry]:
        key = str(uuid.uuid4())
        failures: list[Failure] = []
        seen: set[str] = set()
        try:
            while True:
                pages = self._attempt(
                    expansion, control, layout, (key, len(failures) + 1)
                )
                outcome = yield from _new_entries(pages, expansion, seen)
                if outcome.listed is not None:
                    expansion.finish(outcome.listed)
                    return
                expansion.failure = outcome.failure
                if control.stop_signal.is_set:
                    expansion.failure = INTERRUPTED
                    return
                if not self._wait_for_retry(outcome, failures, control.stop_signal):
                    return
        finally:
            publishing.clear_work(layout, key)

    def _wait_for_retry(
        self, outcome: Outcome, failures: list[Failure], stop_signal: StopSignal
    ) -> bool:
        """Add a failure and wait for the next try; return False if there is none."""
        if outcome.failure is None:
            return False
        failures.append(outcome.failure)
        pause = retry_delay_s(failures, self._settings)
        return pause is not None and stop_signal.wait(pause)

    def _attempt(
        self,
        expansion: Expansion,
        control: ExpandControl,
        layout: Layout,
        name: tuple[str, int],
    ) -> Generator[ListedPage, None, Outcome]:
        """Make one attempt; yield its pages, and return its outcome."""
        key, number = name
        egress = self._egress.current
        publishing.begin_attempt(layout, key, number)
        request = list_request(
            self._settings,
            key=key,
            attempt=number,
            url=expansion.collection.url,
            kind=expansion.collection.kind,
            selection=expansion.request.selection,
            attempt_dir=layout.attempt_dir(key, number),
            cache_dir=layout.cache,
            private_paths=self._private_paths,
            own_cookies=expansion.own_cookies,
            egress=egress,
        )
        outcome = yield from _pages_of(self._runtime.start(request), control)
        if outcome.failure is not None and not control.stop_signal.is_set:
            self._egress.switch_after(outcome.failure, egress)
        return outcome


def _new_entries(
    pages: Generator[ListedPage, None, Outcome], expansion: Expansion, seen: set[str]
) -> Generator[ListedEntry, None, Outcome]:
    """Yield the entries that no earlier attempt has listed; return the outcome."""
    with closing(pages):
        while True:
            try:
                page = next(pages)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return] # an Outcome
            expansion.update_from(page)
            new = [entry for entry in page.entries if entry.video_id not in seen]
            seen.update(entry.video_id for entry in new)
            yield from new


def _pages_of(
    handle: AttemptHandle, control: ExpandControl
) -> Generator[ListedPage, None, Outcome]:
    """Yield the pages of an attempt; no worker is left when this ends, however."""
    try:
        while True:
            event = handle.next_event(POLL_S)
            if isinstance(event, Ended):
                return event.outcome
            if isinstance(event, Listed):
                yield event.page
            elif event is None:
                control.on_wait()
            if control.stop_signal.is_set:
                handle.kill()
    except BaseException:  # the consumer closed the generator, or Ctrl-C
        kill_and_wait(handle)
        raise


def _may_have_more(expansion: Expansion, position: int) -> bool:
    """Return whether the list may have entries behind a position."""
    return expansion.count is None or expansion.count > position
