"""The pool: starts attempts in workers, bounds them, and tells how they ended."""

import select
from pathlib import Path

from ytaudio_daemon.model import FetchRequest
from ytaudio_daemon.pool.events import Event, TemplateFacts, Usage
from ytaudio_daemon.pool.registry import Roster
from ytaudio_daemon.pool.supervisor import Dispatch
from ytaudio_daemon.pool.template_pool import Templates
from ytaudio_daemon.pool.template_process import Recipe
from ytaudio_daemon.system import linux


class Pool:
    """Runs attempts in worker processes. It knows no ledger and no session.

    All calls belong to one thread. `fileno()` is readable when `poll` has something
    to do; `next_due` tells when it will have without that.

    Args:
        downloads: Download slots.
        converters: Converter slots.
        state_id: Marks every process, for `kill_leftovers` after a crash.
        home: The workers' private home folder; made if missing.
        engine_path: A folder whose yt-dlp is preferred to the installed one.
        idle_exit_s: Seconds without an attempt after which the template exits.
        answer_s: Seconds the template may take to answer before it counts as hung.
        entry: The module whose `preload` and `run` do the work.
        adopt_orphans: Become the parent of orphaned descendants, so that the workers
            of a killed template are ended by group and reaped. Not for a library,
            which must not change its caller's process; they are found by their mark
            then, and reaped by init.
    """

    def __init__(  # noqa: PLR0913 - one named setting each; a bundle would hide them
        self,
        *,
        downloads: int,
        converters: int,
        state_id: str,
        home: Path,
        engine_path: Path | None = None,
        idle_exit_s: float = 300,
        answer_s: float = 10,
        entry: str = "ytaudio_daemon.fetch",
        adopt_orphans: bool = True,
    ) -> None:
        self._downloads = downloads
        self._converters = converters
        recipe = Recipe(
            state_id=state_id, home=home, engine_path=engine_path, entry=entry
        )
        self._epoll = select.epoll()
        self._templates = Templates(recipe, self._epoll, idle_exit_s, answer_s)
        self._roster = Roster(self._epoll)
        self._dispatch = Dispatch(self._epoll, self._roster, self._templates)
        self._unsettled = False  # something was asked for since the last poll
        if adopt_orphans:
            linux.adopt_orphans()

    @property
    def hello(self) -> TemplateFacts | None:
        """What the template said when ready; None while there is none."""
        return self._templates.facts()

    @property
    def trouble(self) -> str:
        """Why the last template could not be started or warmed up, or ""."""
        return self._dispatch.trouble

    @property
    def engine_trouble(self) -> str:
        """Why the installed engine is used in place of the one asked for, or ""."""
        return self._templates.engine_trouble

    def use_engine(self, path: Path | None) -> None:
        """Take yt-dlp from another folder; what is running ends with what it has.

        Args:
            path: Searched for modules before anything else; None: nothing is. Should
                it not even start, the installed one is used; see `engine_trouble`.
        """
        self._templates.use_engine(path)
        self._unsettled = True

    def fileno(self) -> int:
        """Return a descriptor for select or a selector; readable: call `poll`."""
        return self._epoll.fileno()

    def warm(self) -> None:
        """Start the template now unless it is up. Does not wait for it.

        Raises:
            TemplateError: It cannot be started.
        """
        self._templates.warm()
        self._unsettled = True

    def usage(self) -> Usage:
        """Count the attempts by the slots they hold."""
        return self._roster.usage()

    def room(self) -> int:
        """Return how many attempts may be started now.

        There must be a download slot for each, and no more than a few workers shall
        sit and wait for a converter: they would only cost memory.
        """
        use = self.usage()
        few = max(2, self._converters)
        alive = use.downloading + use.converting + use.waiting
        alive_at_most = self._downloads + self._converters + few
        return max(0, min(self._downloads - use.downloading, alive_at_most - alive))

    def resize(self, downloads: int, converters: int) -> None:
        """Change the slots; what is running keeps its own."""
        self._downloads = downloads
        self._converters = converters
        self._unsettled = True

    def start(self, request: FetchRequest) -> None:
        """Start an attempt as soon as the template is warm. `Ended` always follows.

        The caller keeps to `room`.

        Raises:
            ValueError: The attempt of that key has not ended.
        """
        if self._roster.find(request.key) is not None:
            raise ValueError(f"the attempt of {request.key} has not ended")
        self._unsettled = True
        self._dispatch.begin(request)

    def kill(self, key: str) -> None:
        """SIGKILL the attempt's process group; `Ended` follows. Unknown keys are fine."""
        attempt = self._roster.find(key)
        if attempt is not None:
            self._unsettled = True
            self._dispatch.stop(attempt)

    def poll(self, now: float) -> list[Event]:
        """Do what is to be done, without waiting, and return what has happened.

        Args:
            now: `time.monotonic()`.
        """
        self._unsettled = False
        self._dispatch.step(now)
        self._roster.grant_converters(self._converters, now)
        return self._dispatch.take_news()

    def next_due(self, now: float) -> float | None:
        """Return when `poll` must be called even if nothing is readable; None: never."""
        if self._unsettled:
            return now
        return min(self._dispatch.due(now), default=None)

    def close(self, grace: float = 2.0) -> None:
        """Kill everything; no process is left, and no `Ended` comes any more.

        Args:
            grace: Seconds the template may take to do so before it is killed too.
        """
        self._dispatch.end_all(grace)
        self._epoll.close()
