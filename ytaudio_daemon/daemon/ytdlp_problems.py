"""Describes problems with yt-dlp versions. Pure."""

from collections.abc import Iterator

from ytaudio_daemon.daemon.problem_report import ProblemReport
from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND
from ytaudio_daemon.ytdlp_versions.history import RejectedVersion, VersionHistory
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion


def unusable_version_problems(reason: str) -> Iterator[ProblemReport]:
    """Yield the problem "the selected yt-dlp cannot be used".

    Args:
        reason: Why it cannot be used, or "".
    """
    if reason:
        message = (
            "An upgraded yt-dlp cannot be used; the one that came with the program is "
            f"used instead: {reason}"
        )
        hint = f"Fetch it again: {UPGRADE_COMMAND}"
        yield ProblemReport("engine_damaged", message, hint)


def past_upgrade_problems(
    active: ActiveVersion, history: VersionHistory
) -> Iterator[ProblemReport]:
    """Yield the problems of the daemon's own upgrades: rolled back, failed, refused."""
    rejected = _last_rolled_back(active, history)
    if rejected is not None:
        message = (
            f"yt-dlp {rejected.version} was given up for {rejected.replaced_by}: "
            f"{rejected.reason}."
        )
        hint = (
            "Nothing to do: the next newer one is tried by itself. "
            "`ytaudio engine list` shows them."
        )
        yield ProblemReport("engine_rolled_back", message, hint)
    tried = history.last_upgrade
    if tried is None or not tried.automatic or tried.result not in {FAILED, REFUSED}:
        return
    if rejected is None or rejected.version != tried.version:
        message = f"yt-dlp was not upgraded: {tried.message.rstrip('.')}."
        hint = f"It is tried again by itself; by hand: {UPGRADE_COMMAND}"
        yield ProblemReport("engine_not_upgraded", message, hint)


def outdated_problem(active: ActiveVersion, *, is_automatic: bool) -> ProblemReport:
    """Return the problem "videos fail because YouTube has changed".

    Args:
        active: The version in use.
        is_automatic: Whether the config lets the daemon upgrade by itself.
    """
    message = (
        f"Most videos fail lately because yt-dlp {active.version} no longer "
        "understands YouTube."
    )
    if active.activation.pinned:
        hint = f"It is pinned; to have the newest: {UPGRADE_COMMAND}"
    elif not is_automatic:
        hint = f"Upgrade it: {UPGRADE_COMMAND}"
    else:
        hint = (
            "The jobs wait, and a newer one is looked for every three hours; nightly "
            f"ones are ahead: {UPGRADE_COMMAND} --channel nightly"
        )
    return ProblemReport("engine_outdated", message, hint)


def _last_rolled_back(
    active: ActiveVersion, history: VersionHistory
) -> RejectedVersion | None:
    """Return the last version that was rolled back, None if another was selected since."""
    rejected = next((r for r in reversed(history.rejected) if r.automatic), None)
    if rejected is None or active.activation.at > rejected.at:
        return None
    return rejected
