"""The attempts that have not ended: who they are and which slots they hold."""

import itertools
import select
from collections.abc import Iterator

from ytaudio_daemon.model import FetchRequest
from ytaudio_daemon.pool.events import Usage
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.worker_attempt import Attempt, Stage
from ytaudio_daemon.system import protocol


class Roster:
    """Holds the attempts.

    Args:
        epoll: Gets every attempt's socket.
    """

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll
        self._by_ticket: dict[int, Attempt] = {}
        self._by_fd: dict[int, Attempt] = {}
        self._tickets = itertools.count(1)

    def __iter__(self) -> Iterator[Attempt]:
        return iter(list(self._by_ticket.values()))

    def enter(self, request: FetchRequest) -> Attempt:
        """Add an attempt, queued.

        Raises:
            OSError: No socket could be had.
        """
        payload = protocol.dump(request.to_json())
        channel, far = protocol.pair()
        attempt = Attempt(
            request=request,
            ticket=next(self._tickets),
            payload=payload,
            channel=channel,
            far=far,
        )
        self._by_ticket[attempt.ticket] = attempt
        self._by_fd[channel.fileno()] = attempt
        self._epoll.register(channel, select.EPOLLIN)
        return attempt

    def remove(self, attempt: Attempt) -> None:
        """Drop an attempt that has ended and close its sockets."""
        self.mute(attempt)
        attempt.close()
        del self._by_ticket[attempt.ticket]
        if attempt.template is not None:
            attempt.template.tickets.discard(attempt.ticket)

    def mute(self, attempt: Attempt) -> None:
        """Listen no more to a socket at its end, which would be readable for ever."""
        if self._by_fd.pop(attempt.channel.fileno(), None) is not None:
            self._epoll.unregister(attempt.channel)

    def find(self, key: str) -> Attempt | None:
        """Return the attempt of that key."""
        return next((a for a in self if a.request.key == key), None)

    def at(self, fd: int) -> Attempt | None:
        """Return the attempt whose socket that is."""
        return self._by_fd.get(fd)

    def holding(self, ticket: int) -> Attempt | None:
        """Return the attempt with that ticket."""
        return self._by_ticket.get(ticket)

    def of(self, template: TemplateProcess) -> list[Attempt]:
        """Return the attempts whose workers that template forked."""
        return [a for a in self if a.template is template]

    def queued(self) -> list[Attempt]:
        """Return those not yet ordered, oldest first."""
        return [a for a in self if a.stage is Stage.QUEUED]

    def grant_converters(self, slots: int, now: float) -> None:
        """Give free converter slots to those that have waited longest."""
        waiting = [a for a in self if a.stage is Stage.WAITING]
        waiting.sort(key=lambda a: (a.waiting_since, a.ticket))
        for attempt in waiting[: max(0, slots - self.usage().converting)]:
            attempt.grant_converter(now)

    def usage(self) -> Usage:
        """Count the attempts by the slots they hold."""
        stages = [a.stage for a in self]
        converting = stages.count(Stage.CONVERTING)
        waiting = stages.count(Stage.WAITING)
        downloading = len(stages) - converting - waiting
        return Usage(downloading=downloading, converting=converting, waiting=waiting)

    def due(self) -> list[float]:
        """Return when the patience with each ends."""
        clocks = [a.patience for a in self if a.patience and not a.verdict]
        return [at for clock in clocks if (at := clock.due()) is not None]
