"""The attempts that have not ended, by ticket and by socket, and the slots they hold."""

import itertools
import select
from collections.abc import Iterator

from ytaudio_daemon.model import AttemptRequest, ListRequest
from ytaudio_daemon.pool.events import Usage
from ytaudio_daemon.pool.requests import request_to_json
from ytaudio_daemon.pool.template_process import TemplateProcess
from ytaudio_daemon.pool.worker_attempt import Stage, WorkerAttempt
from ytaudio_daemon.system import protocol


class AttemptRegistry:
    """Holds the attempts that have not ended.

    Args:
        epoll: Gets every attempt's socket.
    """

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll
        self._by_ticket: dict[int, WorkerAttempt] = {}
        self._by_fd: dict[int, WorkerAttempt] = {}
        self._tickets = itertools.count(1)

    def __iter__(self) -> Iterator[WorkerAttempt]:
        return iter(list(self._by_ticket.values()))

    def add(self, request: AttemptRequest) -> WorkerAttempt:
        """Add an attempt, queued.

        Raises:
            OSError: No socket could be created.
        """
        payload = protocol.dump(request_to_json(request))
        channel, far = protocol.socket_pair()
        attempt = WorkerAttempt(
            request=request,
            ticket=next(self._tickets),
            payload=payload,
            channel=channel,
            worker_socket=far,
        )
        self._by_ticket[attempt.ticket] = attempt
        self._by_fd[channel.fileno()] = attempt
        self._epoll.register(channel, select.EPOLLIN)
        return attempt

    def remove(self, attempt: WorkerAttempt) -> None:
        """Remove an attempt that has ended and close its sockets."""
        self.stop_listening(attempt)
        attempt.close()
        del self._by_ticket[attempt.ticket]
        if attempt.template is not None:
            attempt.template.tickets.discard(attempt.ticket)

    def stop_listening(self, attempt: WorkerAttempt) -> None:
        """Stop watching an attempt's socket that is at its end: it would stay readable."""
        if self._by_fd.pop(attempt.channel.fileno(), None) is not None:
            self._epoll.unregister(attempt.channel)

    def by_key(self, key: str) -> WorkerAttempt | None:
        """Return the attempt with that key, None if it has ended."""
        return next((a for a in self if a.request.key == key), None)

    def by_fd(self, fd: int) -> WorkerAttempt | None:
        """Return the attempt with that socket, None if it has ended."""
        return self._by_fd.get(fd)

    def by_ticket(self, ticket: int) -> WorkerAttempt | None:
        """Return the attempt with that ticket, None if it has ended."""
        return self._by_ticket.get(ticket)

    def by_template(self, template: TemplateProcess) -> list[WorkerAttempt]:
        """Return the attempts that were ordered from that template."""
        return [a for a in self if a.template is template]

    def queued(self) -> list[WorkerAttempt]:
        """Return the attempts that were not ordered yet, the oldest first."""
        return [a for a in self if a.stage is Stage.QUEUED]

    def grant_converters(self, slots: int, now: float) -> None:
        """Give free converter slots to the attempts that have waited longest."""
        waiting = [a for a in self if a.stage is Stage.WAITING]
        waiting.sort(key=lambda a: (a.waiting_since, a.ticket))
        for attempt in waiting[: max(0, slots - self.usage().converting)]:
            attempt.grant_converter(now)

    def usage(self) -> Usage:
        """Count the attempts by the slots they hold."""
        listing = sum(isinstance(a.request, ListRequest) for a in self)
        stages = [a.stage for a in self]
        converting = stages.count(Stage.CONVERTING)
        waiting = stages.count(Stage.WAITING)
        return Usage(
            downloading=len(stages) - converting - waiting - listing,
            converting=converting,
            waiting=waiting,
            listing=listing,
        )

    def due_times(self) -> list[float]:
        """Return when each running attempt times out if its worker sends nothing."""
        clocks = [a.timeouts for a in self if a.timeouts and not a.kill_reason]
        return [at for clock in clocks if (at := clock.due()) is not None]
