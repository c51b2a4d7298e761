"""A thread that owns a pool and runs attempts for any number of other threads.

A pool belongs to one thread, and workers die with the thread that started their
template (PR_SET_PDEATHSIG); so that thread must live as long as the pool.
"""

import os
import queue
import select
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.model import (
    AttemptRequest,
    Failure,
    FailureKind,
    ListRequest,
    Outcome,
)
from ytaudio_daemon.pool import Ended, Event, Pool

CLOSED = Failure(
    kind=FailureKind.CRASHED,
    code="closed",
    message="The downloader was closed before this download was done.",
)
#: Seconds after which an idle template ends; a program may keep its downloader for days.
IDLE_EXIT_S = 60.0
#: Seconds that `close` waits for the thread, which has a few processes to end.
CLOSE_TIMEOUT_S = 10.0


@dataclass(slots=True, eq=False)
class AttemptHandle:
    """One attempt, as the thread that asked for it sees it."""

    request: AttemptRequest
    pool_thread: "PoolThread"
    events: "queue.SimpleQueue[Event]" = field(default_factory=queue.SimpleQueue)

    def next_event(self, timeout_s: float) -> Event | None:
        """Return the attempt's next event, or None if there is none in time."""
        try:
            return self.events.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def kill(self) -> None:
        """Have the worker killed; `Ended` follows."""
        self.pool_thread.kill(self)


class PoolThread:
    """Runs attempts; every method may be called from any thread.

    Args:
        home: The workers' private home folder.
        downloads: How many downloads run at the same time.
        converters: Conversions at once.
        listers: Listings at once, beside the downloads.
        environment: Variables for the template.
    """

    def __init__(
        self,
        *,
        home: Path,
        downloads: int,
        converters: int,
        listers: int,
        environment: Mapping[str, str],
    ) -> None:
        self._home = home
        self._listers = listers
        self._environment = environment
        self._downloads = downloads
        self._converters = converters
        self._pid = os.getpid()
        # Reentrant: the garbage collector may call `close` inside any other call.
        self._lock = threading.RLock()
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._to_start: deque[AttemptHandle] = deque()
        self._to_list: deque[AttemptHandle] = deque()
        self._to_kill: deque[AttemptHandle] = deque()
        self._running: dict[str, AttemptHandle] = {}
        self._is_closing = False
        self._thread = threading.Thread(
            target=self._thread_main, name="ytaudio-pool", daemon=True
        )
        self._thread.start()

    @property
    def is_usable(self) -> bool:
        """Whether it accepts attempts: not after `close`, not in a forked child."""
        return self._pid == os.getpid() and not self._is_closing

    def start(self, request: AttemptRequest) -> AttemptHandle:
        """Run an attempt as soon as there is room; `Ended` always follows."""
        handle = AttemptHandle(request, self)
        with self._lock:
            if self._is_closing:
                _emit_ended(handle, CLOSED)
                return handle
            self._queue_of(handle).append(handle)
            os.eventfd_write(self._wake_fd, 1)
        return handle

    def kill(self, handle: AttemptHandle) -> None:
        """Have a worker killed; `Ended` follows."""
        with self._lock:
            if not self._is_closing:
                self._to_kill.append(handle)
                os.eventfd_write(self._wake_fd, 1)

    def close(self) -> None:
        """End everything; attempts that are running end as `closed`."""
        if self._pid != os.getpid():
            return  # in a forked child there is no thread, and the lock may be held
        with self._lock:
            if not self._is_closing:
                self._is_closing = True
                os.eventfd_write(self._wake_fd, 1)
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_TIMEOUT_S)

    def _thread_main(self) -> None:
        """Run the pool until it is closed; then end every attempt that is left."""
        failure = CLOSED
        try:
            self._run_pool()
        except Exception as error:
            failure = _internal_error(error)
            raise
        finally:
            with self._lock:
                self._is_closing = True
                left = [*self._running.values(), *self._to_start, *self._to_list]
                os.close(self._wake_fd)
            for handle in left:
                _emit_ended(handle, failure)

    def _run_pool(self) -> None:
        pool = Pool(
            downloads=self._downloads,
            converters=self._converters,
            listers=self._listers,
            state_id=str(uuid.uuid4()),
            home=self._home,
            environment=self._environment,
            idle_exit_s=IDLE_EXIT_S,
            adopt_orphans=False,
        )
        try:
            with suppress(TemplateError):  # each attempt will fail with the reason
                pool.ensure_template()
            poller = select.poll()
            poller.register(self._wake_fd, select.POLLIN)
            poller.register(pool.fileno(), select.POLLIN)
            while not self._is_closing:
                self._apply_requests(pool)
                for event in pool.poll(time.monotonic()):
                    self._dispatch(event)
                _sleep(poller, pool)
                self._drain_wakeup()
        finally:
            pool.close()

    def _apply_requests(self, pool: Pool) -> None:
        """Start attempts while there is room; kill those that are no longer wanted."""
        while pool.free_slots() > 0 and (handle := _pop(self._to_start)):
            self._start(pool, handle)
        while pool.free_listing_slots() > 0 and (handle := _pop(self._to_list)):
            self._start(pool, handle)
        while handle := _pop(self._to_kill):
            if handle.request.key in self._running:
                pool.kill(handle.request.key)
            elif handle in (waiting := self._queue_of(handle)):
                waiting.remove(handle)
                _emit_ended(handle, CLOSED)

    def _start(self, pool: Pool, handle: AttemptHandle) -> None:
        self._running[handle.request.key] = handle
        pool.start(handle.request)

    def _queue_of(self, handle: AttemptHandle) -> deque[AttemptHandle]:
        """Return the queue in which an attempt waits for room."""
        is_listing = isinstance(handle.request, ListRequest)
        return self._to_list if is_listing else self._to_start

    def _dispatch(self, event: Event) -> None:
        handle = self._running.get(event.key)
        if handle is None:
            return
        if isinstance(event, Ended):
            del self._running[event.key]
            # It makes room: `_apply_requests` runs again before the thread sleeps.
            os.eventfd_write(self._wake_fd, 1)
        handle.events.put(event)

    def _drain_wakeup(self) -> None:
        try:
            os.eventfd_read(self._wake_fd)
        except BlockingIOError:
            return


def _sleep(poller: select.poll, pool: Pool) -> None:
    now = time.monotonic()
    due = pool.next_due(now)
    poller.poll(None if due is None else max(0.0, due - now) * 1000)


def _pop(handles: deque[AttemptHandle]) -> AttemptHandle | None:
    return handles.popleft() if handles else None


def _emit_ended(handle: AttemptHandle, failure: Failure) -> None:
    outcome = Outcome(failure=failure)
    key, attempt = handle.request.key, handle.request.attempt
    handle.events.put(
        Ended(key=key, attempt=attempt, outcome=outcome, worker_crashed=False)
    )


def _internal_error(error: Exception) -> Failure:
    return Failure(
        kind=FailureKind.UNKNOWN,
        code="internal_error",
        message=f"A fault in this program: {type(error).__name__}: {error}"[:1000],
        hint="Please report it.",
    )
