"""How a step of an attempt says that it failed."""

from ytaudio_daemon.model import Failure


class AttemptFailedError(Exception):
    """A step failed and knows why.

    Args:
        failure: Ready for the outcome, but for its log tail.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
