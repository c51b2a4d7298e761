"""The pool: starts attempts in workers, bounds them, and reports how they ended."""

import select
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.model import AttemptRequest
from ytaudio_daemon.pool.events import Event, TemplateFacts, Usage
from ytaudio_daemon.pool.registry import AttemptRegistry
from ytaudio_daemon.pool.supervisor import WorkerSupervisor
from ytaudio_daemon.pool.template_pool import TemplatePool
from ytaudio_daemon.pool.template_process import TemplateConfig
from ytaudio_daemon.system import linux


class Pool:
    """Runs attempts in worker processes. It knows no ledger and no session.

    All calls belong to one thread. `fileno()` is readable when `poll` has something
    to do; `next_due` is when it must be called without that.

    Args:
        downloads: Download slots.
        converters: Converter slots.
        listers: Slots for listings of collections, which need none of the others.
        state_id: Marks every process, for `kill_orphans` after a crash.
        home: The workers' private home folder; made if missing.
        ytdlp_path: A folder whose yt-dlp is preferred to the installed one.
        idle_exit_s: Seconds without an attempt after which the template exits.
        reply_timeout_s: Seconds the template may take to reply before it counts as hung.
        environment: Variables for the entry module.
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
        listers: int = 1,
        state_id: str,
        home: Path,
        ytdlp_path: Path | None = None,
        environment: Mapping[str, str] | None = None,
        idle_exit_s: float = 300,
        reply_timeout_s: float = 10,
        entry: str = "ytaudio_daemon.fetch",
        adopt_orphans: bool = True,
    ) -> None:
        self._downloads = downloads
        self._converters = converters
        self._listers = listers
        template_config = TemplateConfig(
            state_id=state_id,
            home=home,
            ytdlp_path=ytdlp_path,
            entry=entry,
            environment=environment or {},
        )
        self._epoll = select.epoll()
        self._templates = TemplatePool(
            template_config, self._epoll, idle_exit_s, reply_timeout_s
        )
        self._registry = AttemptRegistry(self._epoll)
        self._supervisor = WorkerSupervisor(
            self._epoll, self._registry, self._templates
        )
        self._poll_needed = False  # a call since the last poll gave it work
        if adopt_orphans:
            linux.become_subreaper()

    @property
    def template_facts(self) -> TemplateFacts | None:
        """The current template's facts; None until it is ready."""
        return self._templates.facts()

    @property
    def template_error(self) -> str:
        """Why the last template could not be started or warmed up, or ""."""
        return self._supervisor.template_error

    @property
    def ytdlp_fallback_reason(self) -> str:
        """Why the installed yt-dlp is used instead of the selected one, or ""."""
        return self._templates.ytdlp_fallback_reason

    def use_ytdlp(self, path: Path | None) -> None:
        """Use the yt-dlp of another folder for new attempts; running ones keep theirs.

        Args:
            path: Searched for modules before anything else; None: the installed one.
                If it cannot start, the installed one is used: `ytdlp_fallback_reason`.
        """
        self._templates.use_ytdlp(path)
        self._poll_needed = True

    def fileno(self) -> int:
        """Return a descriptor for select or a selector; readable: call `poll`."""
        return self._epoll.fileno()

    def ensure_template(self) -> None:
        """Start the template now unless it is up. Does not wait for it.

        Raises:
            TemplateError: It cannot be started.
        """
        self._templates.ensure_started()
        self._poll_needed = True

    def usage(self) -> Usage:
        """Count the attempts by the slots they hold."""
        return self._registry.usage()

    def free_slots(self) -> int:
        """Return how many attempts may be started now.

        Each needs a download slot, and only a few workers may wait for a converter
        slot: they would only cost memory.
        """
        usage = self.usage()
        max_waiting = max(2, self._converters)
        workers = usage.downloading + usage.converting + usage.waiting
        max_workers = self._downloads + self._converters + max_waiting
        return max(0, min(self._downloads - usage.downloading, max_workers - workers))

    def free_listing_slots(self) -> int:
        """Return how many listings may be started now."""
        return max(0, self._listers - self.usage().listing)

    def resize(self, downloads: int, converters: int, listers: int = 1) -> None:
        """Change the number of slots; running attempts keep theirs."""
        self._downloads = downloads
        self._converters = converters
        self._listers = listers
        self._poll_needed = True

    def start(self, request: AttemptRequest) -> None:
        """Start an attempt as soon as the template is warm. `Ended` always follows.

        Of a listing `Listed` comes before it, for each page; its outcome has `listed` or
        a failure. The caller must not exceed `free_slots`, or `free_listing_slots`.

        Raises:
            ValueError: The attempt of that key has not ended.
        """
        if self._registry.by_key(request.key) is not None:
            raise ValueError(f"the attempt of {request.key} has not ended")
        self._poll_needed = True
        self._supervisor.start(request)

    def kill(self, key: str) -> None:
        """Kill the attempt's process group; `Ended` follows. An unknown key does nothing."""
        attempt = self._registry.by_key(key)
        if attempt is not None:
            self._poll_needed = True
            self._supervisor.kill(attempt)

    def poll(self, now: float) -> list[Event]:
        """Do the work that is due, without waiting, and return the events since the last call.

        Args:
            now: `time.monotonic()`.
        """
        self._poll_needed = False
        self._supervisor.run_once(now)
        self._registry.grant_converters(self._converters, now)
        return self._supervisor.pop_events()

    def next_due(self, now: float) -> float | None:
        """Return when `poll` must be called even if nothing is readable (monotonic seconds).

        None if there is nothing to do by time.
        """
        if self._poll_needed:
            return now
        return min(self._supervisor.due_times(now), default=None)

    def close(self, grace: float = 2.0) -> None:
        """Kill all processes of the pool; no `Ended` comes any more.

        Args:
            grace: Seconds the template may take to do so before it is killed too.
        """
        self._supervisor.shut_down(grace)
        self._epoll.close()
