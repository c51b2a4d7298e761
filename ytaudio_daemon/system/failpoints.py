"""Named steps of the program at which tests stop or kill a process.

`make torture` installs an observer that ends the process at the step it has chosen.
Without an observer a failpoint does nothing.
"""

from collections.abc import Callable

#: Called with the step's name and its object: the name of an attempt, or of a drop.
FailpointObserver = Callable[[str, str], None]

#: In the order in which a link passes them, then those of a session's end and of an
#: import into the archive.
FAILPOINTS = (
    "drop.read",
    "cookies.stored",
    "batch.recorded",
    "drop.recorded",
    "drop.moved",
    "drop.filed",
    "collection.claimed",
    "collection.page_recorded",
    "collection.listed",
    "subscription.due",
    "subscription.file_marked",
    "subscription.file_removed",
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
    "library.playlist_written",
    "library.cover_added",
    "receipt.written",
    "session.expired",
    "session.trashed",
    "trash.deleting",
    "archive.batch_added",
)
#: Those of `ytaudio library relayout`: no daemon passes them.
COMMAND_FAILPOINTS = ("library.moved", "library.relaid")

_observers: list[FailpointObserver] = []


def failpoint(step: str, about: object = "") -> None:
    """Call the observers, if there are any: this process has passed a step.

    Args:
        step: One of `FAILPOINTS` or `COMMAND_FAILPOINTS`.
        about: The step's object; converted to text only if there is an observer.
    """
    for observer in _observers:
        observer(step, str(about))


def on_failpoint(observer: FailpointObserver) -> None:
    """Add an observer that is called at every step of this process and its forks."""
    _observers.append(observer)
