"""Checks in a thread whether the provider of proof-of-origin tokens answers.

It may be another machine's, and hang: the daemon's one working thread must not wait.
"""

import threading
from collections.abc import Iterator

import structlog

from ytaudio_daemon.daemon.problems import ProblemReport
from ytaudio_daemon.fetch.pot_client import PotProviderError, ping

log = structlog.get_logger()

#: Where its start lines are.
DOCS = "docs/youtube.md"


class TokenProviderCheck:
    """Stores what the last ping came to; a thread lives for one ping only."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        #: The address that was asked last, and what is wrong with it or "".
        self._last: tuple[str, str] = ("", "")
        self._last_logged: tuple[str, str] = ("", "")
        #: By the last call of `pop_answers_again`.
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
        """Return whether the provider answers, as it did not before; once each time.

        A provider that answers the first time counts, too: it may have been out of order
        before the daemon's start, or another one.
        """
        asked, failure = self._last
        has_answered = bool(address) and asked == address and not failure
        is_new = has_answered and not self._was_answering
        self._was_answering = has_answered
        return is_new

    def problems(self, address: str) -> Iterator[ProblemReport]:
        """Yield the problem that the last check of `address` has found, if any."""
        asked, failure = self._last
        if asked != address or not address:
            return
        self._log_change(asked, failure)
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
    return (
        "pot_provider",
        f"The provider of proof-of-origin tokens at {address} {failure}.",
        f"Start it ({DOCS} says how); what needs no token is downloaded anyway.",
    )
