"""Named steps: the points between which a crash must do no harm.

`make torture` installs an observer that ends the process at the step it has chosen.
Without one a step does nothing, so no other code asks whether it is being tested.
"""

from collections.abc import Callable

#: Told the step's name, and what is at hand: a job's attempt, a drop's name.
FailpointObserver = Callable[[str, str], None]

#: In the order in which a link passes them, then those of a session's end.
FAILPOINTS = (
    "drop.read",
    "batch.recorded",
    "drop.recorded",
    "drop.moved",
    "drop.filed",
    "job.claimed",
    "attempt.started",
    "source.finished",
    "source.spoiled",
    "result.written",
    "publish.begun",
    "publish.renamed",
    "job.completed",
    "work.cleared",
    "library.linked",
    "receipt.written",
    "session.expired",
    "session.trashed",
    "trash.deleting",
)

_observers: list[FailpointObserver] = []


def failpoint(step: str, about: object = "") -> None:
    """Say that this process has just passed a step.

    Args:
        step: One of `STEPS`.
        about: What is at hand; made text only when somebody observes.
    """
    for observer in _observers:
        observer(step, str(about))


def on_failpoint(observer: FailpointObserver) -> None:
    """Have an observer told of every step of this process and those forked from it."""
    _observers.append(observer)
