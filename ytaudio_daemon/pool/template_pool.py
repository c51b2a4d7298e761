"""The templates: the current one, and those that only finish their attempts."""

import math
import os
import select
from dataclasses import replace
from pathlib import Path

from ytaudio_daemon.pool.events import TemplateFacts
from ytaudio_daemon.pool.template_process import TemplateConfig, TemplateProcess

#: Seconds a template may take to warm up: 0.8 on a desktop, 20 on a slow SD card.
WARM_UP_S = 60.0


class TemplatePool:
    """Starts templates, retires them, and finds those that hang.

    Args:
        template_config: What each is started with.
        epoll: Gets every control socket.
        idle_exit_s: Seconds without an attempt after which the template exits.
        reply_timeout_s: Seconds it may take to reply before it counts as hung.
    """

    def __init__(
        self,
        template_config: TemplateConfig,
        epoll: select.epoll,
        idle_exit_s: float,
        reply_timeout_s: float,
    ) -> None:
        self._template_config = template_config
        self._epoll = epoll
        self._idle_exit_s = idle_exit_s
        self._reply_timeout_s = reply_timeout_s
        self._current: TemplateProcess | None = None
        self._by_fd: dict[int, TemplateProcess] = {}
        self._idle_since: float | None = None
        #: The yt-dlp that was selected and could not start, and why.
        self._fallback: tuple[Path, str] | None = None

    @property
    def ytdlp_fallback_reason(self) -> str:
        """Why the installed yt-dlp is used instead of the selected one, or ""."""
        return "" if self._fallback is None else "{}: {}".format(*self._fallback)

    def use_ytdlp(self, path: Path | None) -> None:
        """Start the next templates with that yt-dlp; the current one gets no new attempts.

        Args:
            path: Its folder; None: the installed one.
        """
        self._template_config = replace(self._template_config, ytdlp_path=path)
        self._fallback = None
        self.retire()

    def fall_back_to_installed(self, ytdlp_path: Path | None, reason: str) -> str:
        """Use the installed yt-dlp instead of one with which a template cannot start.

        Args:
            ytdlp_path: That of the template that failed.
            reason: Why it could not start.

        Returns:
            "" when another template is worth a try, else why none can start.
        """
        if ytdlp_path != self._template_config.ytdlp_path:
            return ""  # another one was selected meanwhile
        if ytdlp_path is not None:
            self._template_config = replace(self._template_config, ytdlp_path=None)
            self._fallback = ytdlp_path, reason
            return ""
        if self._fallback is None:
            return reason
        # The installed yt-dlp fails as well, so the selected one is not to blame.
        ytdlp_path, reason = self._fallback
        self.use_ytdlp(ytdlp_path)
        return reason

    def ensure_started(self) -> None:
        """Start a template unless there is one.

        Raises:
            TemplateError: It cannot be started.
        """
        if self._current is None:
            path = self._template_config.ytdlp_path
            if path is not None and not path.is_dir():
                self.fall_back_to_installed(path, "the folder is gone")
            self._current = TemplateProcess.start(self._template_config)
            fd = self._current.control.fileno()
            self._by_fd[fd] = self._current
            self._epoll.register(fd, select.EPOLLIN)

    def facts(self) -> TemplateFacts | None:
        """Return the current template's facts; None until it is ready."""
        return self._current.facts if self._current is not None else None

    def ready(self) -> TemplateProcess | None:
        """Return the current template if it is ready, else None."""
        return self._current if self.facts() is not None else None

    def by_fd(self, fd: int) -> TemplateProcess | None:
        """Return the template with that control socket, None if there is none."""
        return self._by_fd.get(fd)

    def all(self) -> list[TemplateProcess]:
        """Return the current template and the retired ones that still run."""
        return list(self._by_fd.values())

    def retire(self) -> None:
        """Give the current template no new attempts; `ensure_started` starts another."""
        if self._current is not None:
            self._current.retiring = True
            self._current = None

    def retire_outdated(self) -> None:
        """Retire a template whose yt-dlp was upgraded: late imports would mix versions."""
        facts = self.facts()
        if facts and facts.engine_mark and not os.path.isdir(facts.engine_mark):  # noqa: PTH112 - a plain str all along
            self.retire()

    def remove(self, template: TemplateProcess) -> None:
        """Remove a dead template; its control socket must still be open."""
        fd = template.control.fileno()
        self._epoll.unregister(fd)
        del self._by_fd[fd]
        if template is self._current:
            self._current = None

    def enforce_timeouts(
        self, now: float, awaited: set[TemplateProcess | None]
    ) -> list[TemplateProcess]:
        """Ask idle and retired templates to exit; return those that hang and must be killed.

        Args:
            now: Monotonic seconds.
            awaited: Templates with an unanswered order.
        """
        self._retire_idle(now)
        for template in self._by_fd.values():
            if (
                template.retiring
                and not template.tickets
                and not template.exit_requested
            ):
                template.request_exit()
            if (
                template.facts
                and not template.exit_requested
                and template not in awaited
            ):
                template.awaiting_reply_since = None
            elif template.awaiting_reply_since is None:
                template.awaiting_reply_since = now
        return [t for t in self._by_fd.values() if self._hangs_at(t) <= now]

    def due_times(self) -> list[float]:
        """Return when `enforce_timeouts` has something to do if no message comes before."""
        due = [self._hangs_at(template) for template in self._by_fd.values()]
        if self._idle_since is not None:
            due.append(self._idle_since + self._idle_exit_s)
        return [at for at in due if at < math.inf]

    def _hangs_at(self, template: TemplateProcess) -> float:
        """Return when a template counts as hung; infinite if no reply is due."""
        if template.awaiting_reply_since is None:
            return math.inf
        timeout_s = self._reply_timeout_s if template.facts else WARM_UP_S
        return template.awaiting_reply_since + timeout_s

    def _retire_idle(self, now: float) -> None:
        template = self.ready()
        if template is None or template.tickets:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since >= self._idle_exit_s:
            self._idle_since = None
            self.retire()
