"""Problems with yt-dlp versions, as (code, message, hint). Pure."""

from collections.abc import Iterator

from ytaudio_daemon.daemon.problems import ProblemReport
from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND
from ytaudio_daemon.ytdlp_versions.history import RejectedVersion, VersionHistory
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion


def unusable_version_problems(trouble: str) -> Iterator[ProblemReport]:
    """Yield the problem "the selected yt-dlp cannot be used".

    Args:
        trouble: Why it cannot be used, or "".
    """
    if trouble:
        message = (
            "An upgraded yt-dlp cannot be used; the one that came with the program is "
            f"used instead: {trouble}"
        )
        yield "engine_damaged", message, f"Fetch it again: {UPGRADE_COMMAND}"


def past_upgrade_problems(
    chosen: ActiveVersion, history: VersionHistory
) -> Iterator[ProblemReport]:
    """Yield the problems of the daemon's own upgrades: rolled back, failed, refused."""
    refused = _last_rolled_back(chosen, history)
    if refused is not None:
        message = (
            f"yt-dlp {refused.version} was given up for {refused.replaced_by}: "
            f"{refused.reason}."
        )
        hint = (
            "Nothing to do: the next newer one is tried by itself. "
            "`ytaudio engine list` shows them."
        )
        yield "engine_rolled_back", message, hint
    tried = history.last_upgrade
    if tried is None or not tried.automatic or tried.result not in {FAILED, REFUSED}:
        return
    if refused is None or refused.version != tried.version:
        message = f"yt-dlp was not upgraded: {tried.message.rstrip('.')}."
        hint = f"It is tried again by itself; by hand: {UPGRADE_COMMAND}"
        yield "engine_not_upgraded", message, hint


def outdated_problem(chosen: ActiveVersion, *, is_automatic: bool) -> ProblemReport:
    """Return the problem "videos fail because YouTube has changed".

    Args:
        chosen: The version in use.
        is_automatic: Whether the config lets the daemon upgrade by itself.
    """
    message = (
        f"Most videos fail lately because yt-dlp {chosen.version} no longer "
        "understands YouTube."
    )
    if chosen.activation.pinned:
        hint = f"It is pinned; to have the newest: {UPGRADE_COMMAND}"
    elif not is_automatic:
        hint = f"Upgrade it: {UPGRADE_COMMAND}"
    else:
        hint = (
            "The jobs wait, and a newer one is looked for every three hours; nightly "
            f"ones are ahead: {UPGRADE_COMMAND} --channel nightly"
        )
    return "engine_outdated", message, hint


def _last_rolled_back(
    chosen: ActiveVersion, history: VersionHistory
) -> RejectedVersion | None:
    """Return the last version that was rolled back, None if another was selected since."""
    refused = next((r for r in reversed(history.rejected) if r.automatic), None)
    if refused is None or chosen.activation.at > refused.at:
        return None
    return refused
