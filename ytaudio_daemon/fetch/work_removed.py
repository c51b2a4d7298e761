"""Recognises an attempt whose files somebody removed while it ran."""

from collections.abc import Iterable
from pathlib import Path

from ytaudio_daemon.fetch.classify import Cause
from ytaudio_daemon.model import Failure, FailureKind, FetchRequest

#: How Python and yt-dlp write ENOENT, followed by the path.
_NO_SUCH_FILE = "[Errno 2]"


def was_work_removed(
    request: FetchRequest, failure: Failure, causes: Iterable[Cause]
) -> bool:
    """Return whether that is the reason of a failure which has no other.

    Args:
        request: Names the attempt's folder.
        failure: As classified.
        causes: The exceptions it was found by.
    """
    if failure.kind is not FailureKind.UNKNOWN:
        return False
    folder = request.attempt_dir
    is_named = any(_NO_SUCH_FILE in c.text and folder in c.text for c in causes)
    return is_named or not Path(folder).is_dir()
