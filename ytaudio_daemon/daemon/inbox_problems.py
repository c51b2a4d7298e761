"""Converts what the intake cannot take into problems. Pure."""

from collections.abc import Iterator

from ytaudio_daemon.daemon.problems import ProblemReport
from ytaudio_daemon.intake.ignored_files import MAX_LISTED, IgnoredFiles

#: Files that are named one by one; `doctor` and the session's status name more.
MAX_NAMED_FILES = 20


def inbox_problems(ignored_files: IgnoredFiles) -> Iterator[ProblemReport]:
    """Yield a problem for everything in the inbox that is not taken."""
    for code, (message, hint) in ignored_files.inbox_problems.items():
        yield code, message, hint
    for message, hint in ignored_files.unmovable_folders.reports():
        yield "drop_not_movable", message, hint
    for path, reason in ignored_files.waiting:
        yield "drop_waits", f"{path}: {reason}", "It is tried again at every scan."
    for folder, reason in ignored_files.folders.items():
        yield (
            "bad_session_folder",
            f"inbox/{folder}: {reason}",
            "Correct that, or move the folder away; nothing in it is read until then.",
        )
    yield from _not_taken_problems(ignored_files)


def _not_taken_problems(ignored_files: IgnoredFiles) -> Iterator[ProblemReport]:
    not_taken = ignored_files.not_taken
    for path, reason in not_taken[:MAX_NAMED_FILES]:
        yield (
            "file_not_taken",
            f"{path} is not taken: {reason}",
            "Put that right, or move it out of the inbox.",
        )
    more = len(not_taken) - MAX_NAMED_FILES
    if more > 0:
        at_least = "at least " if len(not_taken) == MAX_LISTED else ""
        yield (
            "file_not_taken",
            f"{at_least}{more} more files in the inbox are not taken",
            "`ytaudio status SESSION` names those of a session.",
        )
