"""Checks in a thread whether the provider of proof-of-origin tokens answers.

It may run on another machine, and hang: the daemon's loop must not wait for it.
"""

import threading
from collections.abc import Iterator

import structlog

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.fetch.pot_client import PotProviderError, ping

log = structlog.get_logger()

#: Describes how a provider is started.
DOCS = "docs/youtube.md"


class TokenProviderCheck:
    """Stores the result of the last ping; each ping has a thread of its own."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        #: The address that was pinged last, and why that failed or "".
        self._last: tuple[str, str] = ("", "")
        self._last_logged: tuple[str, str] = ("", "")
        #: As of the last call of `pop_answers_again`.
        self._was_answering = False

    def start(self, address: str) -> None:
        """Begin a check of the provider at `address`, if there is one to check.

        Args:
            address: `[youtube] pot_provider`.
        """
        if not address or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(
            target=self._check, args=(address,), name="token-provider", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:  # CPython's word for EAGAIN of clone(2)
            self._thread = None
            self._last = (address, f"cannot be asked: {error}")

    def pop_answers_again(self, address: str) -> bool:
        """Return True once when the provider answers and did not before.

        The first answer after the daemon's start counts, too: the provider may have been
        out of order before, or is another one.
        """
        pinged, failure = self._last
        has_answered = bool(address) and pinged == address and not failure
        is_new = has_answered and not self._was_answering
        self._was_answering = has_answered
        return is_new

    def problems(self, address: str) -> Iterator[ProblemReport]:
        """Yield the problem that the last check of `address` has found, if any."""
        pinged, failure = self._last
        if pinged != address or not address:
            return
        self._log_change(address, failure)
        if failure:
            yield _problem(address, failure)

    def _check(self, address: str) -> None:
        try:
            ping(address)
        except PotProviderError as error:
            self._last = (address, str(error))
        else:
            self._last = (address, "")

    def _log_change(self, address: str, failure: str) -> None:
        found = (address, failure)
        if found == self._last_logged:
            return
        self._last_logged = found
        if failure:
            log.warning("pot_provider.failed", address=address, error=failure)
        else:
            log.info("pot_provider.answers", address=address)


def _problem(address: str, failure: str) -> ProblemReport:
    return ProblemReport(
        "pot_provider",
        f"The provider of proof-of-origin tokens at {address} {failure}.",
        f"Start it ({DOCS} says how); what needs no token is downloaded anyway.",
    )
