"""The exception with which a stage of an attempt fails for a known reason."""

from ytaudio_daemon.model import Failure


class AttemptFailedError(Exception):
    """A stage failed, and the failure is known.

    Args:
        failure: Ready for the outcome, but for its log tail.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
