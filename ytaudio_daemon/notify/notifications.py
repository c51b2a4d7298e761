"""All receivers together, for the daemon's loop: nothing here waits for anybody."""

import math
import select
import time
from typing import TYPE_CHECKING

from ytaudio_daemon.ledger import Ledger, outbox
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.backoff import Patience
from ytaudio_daemon.notify.cursors import Books
from ytaudio_daemon.notify.health_debounce import Weather
from ytaudio_daemon.notify.receivers import Receiver, receivers_of
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.system.clock import Clock

if TYPE_CHECKING:
    from ytaudio_daemon.notify.receiver_queue import Post

#: The ledger is looked into at most so often, in seconds.
LOOK_S = 0.2
#: At a stop, deliveries under way may take so long, in seconds.
FLUSH_TIMEOUT_S = 1.0


class Messenger:
    """Tells the receivers of the settings what the ledger's events say.

    Args:
        ledger: Has the events, and how far each receiver has been told.
        settings: Section notify above all.
        host: The machine's name, for messages.
        state_id: Marks couriers, so that a later daemon knows them.
        weather: Another debouncing, for tests.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        *,
        host: str,
        state_id: str,
        weather: Weather | None = None,
    ) -> None:
        self._ledger = ledger
        self._books = Books(ledger)
        self._host = host
        self._state_id = state_id
        #: How the daemon is: told by the loop, passed on to receivers.
        self.weather = weather or Weather()
        self._epoll = select.epoll()
        self._posts: dict[str, Post] = {}
        self._leaving: list[Post] = []
        self._looked = -math.inf
        self._is_stale = False
        self._newest = 0
        self.reload(settings)

    def fileno(self) -> int:
        """Readable when a courier says something."""
        return self._epoll.fileno()

    def reload(self, settings: Settings) -> None:
        """Take up new settings; the receivers change with the next step."""
        self._settings = settings
        self._wanted = {one.key: one for one in receivers_of(settings.notify)}
        self._is_enlisted = False

    def hear(self, now: Now) -> None:
        """Take in what couriers say, and bury those that are gone; never fails."""
        for post in self._posts.values():
            post.tend(now)
        self._leaving = [post for post in self._leaving if not post.is_gone(now)]

    def step(self, now: Now) -> None:
        """Read, send, keep: as far as that goes without waiting.

        Raises:
            LedgerError: The ledger cannot be used just now; nothing is lost.
        """
        if not self._is_enlisted:
            self._enlist()
        try:
            self._look(now)
        finally:  # that it cannot be read is worth telling
            for post in self._posts.values():
                post.note_weather(self.weather, now)
                post.send(now)
        self._books.keep(self._posts, now)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `step` is to be called again; None if never."""
        if not self._posts and not self._leaving:
            return None
        times = [self.weather.due(now.uptime_s), self._books.due(self._posts)]
        times += [
            post.next_due(now) for post in (*self._posts.values(), *self._leaving)
        ]
        if self._is_stale:
            times.append(self._looked + LOOK_S)
        if self._has_more():
            times.append(now.uptime_s)
        known = [due for due in times if due is not None]
        return max(0.0, min(known) - now.uptime_s) if known else None

    def troubles(self) -> list[tuple[str, str, str]]:
        """Return (code, message, hint) of each receiver that cannot be told."""
        posts = self._posts.values()
        return [
            trouble_of(p.receiver, p.patience) for p in posts if p.patience.is_troubled
        ]

    def close(self, clock: Clock) -> None:
        """Let deliveries under way end for a moment, keep how far they came, end all.

        Raises:
            LedgerError: It could not be kept: what was told last is told again.
        """
        enough = time.monotonic() + FLUSH_TIMEOUT_S
        posts = list(self._posts.values())
        while any(p.is_under_way for p in posts) and time.monotonic() < enough:
            self._epoll.poll(enough - time.monotonic())
            for post in posts:
                post.tend(clock.now())
        for post in posts:
            post.leave()
        leaving = [*posts, *self._leaving]
        while leaving := [post for post in leaving if not post.is_gone(clock.now())]:
            self._epoll.poll(0.01)
        self._epoll.close()
        self._books.write(self._posts)

    def _enlist(self) -> None:
        """Have a post for each receiver of the settings, and for nobody else."""
        told = self._books.enlist(self._wanted.keys())
        old, self._posts = self._posts, {}
        if self._wanted:
            from ytaudio_daemon.notify import factory  # noqa: PLC0415 - 300 KiB which nobody else needs

            place = factory.Place(
                settings=self._settings,
                host=self._host,
                epoll=self._epoll,
                state_id=self._state_id,
            )
            self._posts = {
                key: factory.post_of(receiver, old.get(key), told[key], place)
                for key, receiver in self._wanted.items()
            }
        kept = set(map(id, self._posts.values()))
        for post in old.values():
            if id(post) not in kept:
                post.leave()
                self._leaving.append(post)
        self._is_enlisted = self._is_stale = True

    def _look(self, now: Now) -> None:
        """Read a page of news for each post that has room."""
        self._is_stale = now.uptime_s < self._looked + LOOK_S
        if not self._posts or (self._is_stale and not self._has_more()):
            return
        self._looked, self._is_stale = now.uptime_s, False
        with self._ledger.read() as db:
            self._newest = outbox.newest_event_id(db)
            for post in self._behind():
                post.read_on(db, now)

    def _behind(self) -> list["Post"]:
        """Return the posts that have room for news that there are."""
        posts = self._posts.values()
        return [post for post in posts if post.read < self._newest and post.room()]

    def _has_more(self) -> bool:
        return bool(self._behind())


def trouble_of(receiver: Receiver, patience: Patience) -> tuple[str, str, str]:
    """Return (code, message, hint) about a receiver that cannot be told. Pure."""
    lost = patience.given_up
    given_up = f" {lost:,} notices were given up." if lost else ""
    return (
        "notify_failing",
        f"[notify] {receiver.name}: {patience.said}.{given_up}",
        "Try it with `ytaudio notify test`. Downloads go on; it is told later.",
    )
