"""All receivers together, for the daemon's loop: nothing here waits for anybody."""

import math
import select
import time
from collections.abc import Sequence

from ytaudio_daemon.clock import Clock
from ytaudio_daemon.ledger import Connection, Ledger, diary, outbox
from ytaudio_daemon.ledger.diary import Told
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.notify.composing import Composer, Gathered, Singly
from ytaudio_daemon.notify.news import news_after
from ytaudio_daemon.notify.notices import Terms
from ytaudio_daemon.notify.post import Charge, Post
from ytaudio_daemon.notify.receivers import Receiver, receivers_of
from ytaudio_daemon.notify.weather import Weather
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.views import Problem

#: The ledger is looked into at most so often, in seconds.
LOOK_S = 0.2
#: How far receivers have been told is kept at most so often, in seconds: each time costs
#: a sync, and a crash in between tells them again.
KEEP_S = 1.0
#: So often where there was nothing to tell, in seconds: nothing is lost by it.
KEEP_IDLE_S = 10.0
#: At a stop, deliveries under way may take so long, in seconds.
LAST_WORDS_S = 1.0


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
        self._host = host
        self._state_id = state_id
        self._weather = weather or Weather()
        self._problems: Sequence[Problem] = ()
        self._epoll = select.epoll()
        self._posts: dict[str, Post] = {}
        self._leaving: list[Post] = []
        self._kept: dict[str, Told] = {}
        self._kept_at = -math.inf
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

    def note_state(self, state: str, problems: Sequence[Problem], now: Now) -> None:
        """Take in how the daemon is; its coming and going is no news.

        Args:
            state: As in `Live`.
            problems: Why it is degraded, if it is.
            now: The moment.
        """
        if state not in {"running", "degraded"}:
            return
        is_degraded = state == "degraded"
        if is_degraded:
            self._problems = problems
        self._weather.note(is_degraded=is_degraded, lived=now.lived)

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
        self._look(now)
        for post in self._posts.values():
            if self._weather.is_degraded is not None:
                post.note_weather(
                    self._problems, now, is_degraded=self._weather.is_degraded
                )
            post.send(now)
        self._keep(now)

    def next_due(self, now: Now) -> float | None:
        """Return seconds until `step` is to be called again; None if never."""
        if not self._posts and not self._leaving:
            return None
        times = [self._weather.due(), self._keep_due()]
        times += [
            post.next_due(now) for post in (*self._posts.values(), *self._leaving)
        ]
        if self._is_stale:
            times.append(self._looked + LOOK_S)
        if self._has_more():
            times.append(now.lived)
        known = [due for due in times if due is not None]
        return max(0.0, min(known) - now.lived) if known else None

    def troubles(self) -> list[tuple[str, str, str]]:
        """Return (code, message, hint) of each receiver that cannot be told."""
        found = (post.trouble() for post in self._posts.values())
        return [trouble for trouble in found if trouble is not None]

    def close(self, clock: Clock) -> None:
        """Let deliveries under way end for a moment, keep how far they came, end all.

        Raises:
            LedgerError: It could not be kept: what was told last is told again.
        """
        enough = time.monotonic() + LAST_WORDS_S
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
        self._write()

    def _enlist(self) -> None:
        """Have a post for each receiver; a new one is told what happens from now on."""
        with self._ledger.read() as db:
            known = diary.told(db)
        if known.keys() != self._wanted.keys():
            with self._ledger.write() as db:
                known = self._admit(db, known)
        old, self._posts = self._posts, {}
        for key, receiver in self._wanted.items():
            before = old.get(key)
            if before is not None and before.receiver == receiver:
                self._posts[key] = old.pop(key)
                self._posts[key].charge = self._charge
                self._posts[key].composer.reload(self._terms, self._gather_s)
                continue
            told = before.told if before is not None else known[key]
            self._posts[key] = self._post(receiver, told)
        for post in old.values():
            post.leave()
            self._leaving.append(post)
        self._kept = {key: known[key] for key in self._posts}
        self._is_enlisted = True
        self._is_stale = True

    def _admit(self, db: Connection, known: dict[str, Told]) -> dict[str, Told]:
        for key in known.keys() - self._wanted.keys():
            diary.forget_told(db, key)
        fresh = self._wanted.keys() - known.keys()
        now = Told(cursor=outbox.newest_event(db))
        for key in fresh:
            diary.keep_told(db, key, now)
        return known | dict.fromkeys(fresh, now)

    def _post(self, receiver: Receiver, told: Told) -> Post:
        return Post(
            receiver,
            self._composer(receiver),
            charge=self._charge,
            told=told,
            epoll=self._epoll,
            state_id=self._state_id,
        )

    def _composer(self, receiver: Receiver) -> Composer:
        if receiver.is_person:
            return Gathered(self._terms, self._gather_s)
        return Singly(self._terms)

    @property
    def _gather_s(self) -> float:
        return self._settings.notify.gather

    @property
    def _terms(self) -> Terms:
        return Terms(
            host=self._host,
            attempts=self._settings.retry.attempts,
            on_expiry=self._settings.sessions.on_expiry,
        )

    @property
    def _charge(self) -> Charge:
        notify = self._settings.notify
        return Charge(on=frozenset(notify.on), give_up_s=notify.give_up)

    def _look(self, now: Now) -> None:
        """Read a page of news for each post that has room."""
        self._is_stale = now.lived < self._looked + LOOK_S
        if not self._posts or (self._is_stale and not self._has_more()):
            return
        self._looked, self._is_stale = now.lived, False
        with self._ledger.read() as db:
            self._newest = outbox.newest_event(db)
            for post in self._behind():
                page = news_after(db, post.read, post.charge.on, post.room())
                post.take(page, now)

    def _behind(self) -> list[Post]:
        """Return the posts that have room for news that there are."""
        posts = self._posts.values()
        return [post for post in posts if post.read < self._newest and post.room()]

    def _has_more(self) -> bool:
        return bool(self._behind())

    def _changed(self) -> dict[str, Told]:
        posts = self._posts.items()
        return {key: post.told for key, post in posts if post.told != self._kept[key]}

    def _keep_due(self) -> float | None:
        changed = [self._posts[key] for key in self._changed()]
        if not changed:
            return None
        delivered = [post for post in changed if post.has_delivered]
        if any(post.is_at_rest for post in delivered):
            return 0.0
        return self._kept_at + (KEEP_S if delivered else KEEP_IDLE_S)

    def _keep(self, now: Now) -> None:
        due = self._keep_due()
        if due is not None and now.lived >= due:
            self._write()
            self._kept_at = now.lived

    def _write(self) -> None:
        """Keep how far everybody has been told."""
        changed = self._changed()
        if not changed:
            return
        with self._ledger.write() as db:
            for key, told in changed.items():
                diary.keep_told(db, key, told)
        self._kept |= changed
        for key in changed:
            self._posts[key].has_delivered = False
