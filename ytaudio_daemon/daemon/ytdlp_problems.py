"""What people should know of yt-dlp: (code, message, hint). Pure."""

from collections.abc import Iterator

from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND
from ytaudio_daemon.ytdlp_versions.history import Notes, Refused
from ytaudio_daemon.ytdlp_versions.upgrade import FAILED, REFUSED
from ytaudio_daemon.ytdlp_versions.version_store import Chosen

BY_HAND = UPGRADE_COMMAND

Trouble = tuple[str, str, str]


def damage(trouble: str) -> Iterator[Trouble]:
    """Yield that a version is not used though it should be.

    Args:
        trouble: Why, or "".
    """
    if trouble:
        message = (
            "An upgraded yt-dlp cannot be used; the one that came with the program is "
            f"used instead: {trouble}"
        )
        yield "engine_damaged", message, f"Fetch it again: {BY_HAND}"


def past(chosen: Chosen, notes: Notes) -> Iterator[Trouble]:
    """Yield what became of upgrades that the daemon did by itself."""
    refused = _given_up(chosen, notes)
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
    tried = notes.tried
    if tried is None or not tried.automatic or tried.result not in {FAILED, REFUSED}:
        return
    if refused is None or refused.version != tried.version:
        message = f"yt-dlp was not upgraded: {tried.message.rstrip('.')}."
        hint = f"It is tried again by itself; by hand: {BY_HAND}"
        yield "engine_not_upgraded", message, hint


def outdated(chosen: Chosen, *, is_automatic: bool) -> Trouble:
    """Return that videos fail because YouTube has changed.

    Args:
        chosen: The version in use.
        is_automatic: The config lets the daemon upgrade by itself.
    """
    message = (
        f"Most videos fail lately because yt-dlp {chosen.version} no longer "
        "understands YouTube."
    )
    if chosen.stand.pinned:
        hint = f"It is pinned; to have the newest: {BY_HAND}"
    elif not is_automatic:
        hint = f"Upgrade it: {BY_HAND}"
    else:
        hint = (
            "The jobs wait, and a newer one is looked for every three hours; nightly "
            f"ones are ahead: {BY_HAND} --channel nightly"
        )
    return "engine_outdated", message, hint


def _given_up(chosen: Chosen, notes: Notes) -> Refused | None:
    """Return the version that was given up last, until another came after it."""
    refused = next((r for r in reversed(notes.refused) if r.automatic), None)
    if refused is None or chosen.stand.at > refused.at:
        return None
    return refused
