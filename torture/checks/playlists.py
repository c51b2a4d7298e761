"""Every entry of a playlist is one row: a job, or a reason why it is none."""

from collections.abc import Iterator

from torture.arena import session_of
from torture.books import Row
from torture.case import Case
from torture.checks.audio import POISON
from torture.checks.commands import was_cancelled
from torture.playlists import ListWish


def check(case: Case) -> Iterator[str]:
    """Compare what was asked of playlists with their entries and jobs."""
    for drop in case.put:
        for wish in drop.wishes:
            if wish.listed is not None:
                yield from _asked(case, session_of(drop.session), wish.listed)
    for collection in case.tables.collections.values():
        yield from _ended(case, collection)
        yield from _entries(case, collection)


def _asked(case: Case, session: str, listed: ListWish) -> Iterator[str]:
    """What a playlist held when it was asked for, each of its collections knows."""
    wanted = set(listed.entries)
    for collection in case.tables.collections.values():
        mine = {entry["video_id"] for entry in case.entries_of[collection["id"]]}
        asked = case.name_of(collection["session_id"]) == session and _lines_of(
            case, collection, listed
        )
        if asked and _is_whole(case, collection) and (missing := wanted - mine):
            yield f"{_name(collection)} lacks {sorted(missing)[:5]}"


def _lines_of(case: Case, collection: Row, listed: ListWish) -> bool:
    """Whether a line with exactly this wish belongs to a collection."""
    return any(
        line["collection_id"] == collection["id"] and line["text"] == listed.text
        for line in case.tables.lines
    )


def _ended(case: Case, collection: Row) -> Iterator[str]:
    given_up = collection["error_code"] == "poison" and collection["crashes"] >= POISON
    if not (
        _is_whole(case, collection)
        or _is_over(case, collection)
        or given_up
        or was_cancelled(case, collection)
    ):
        yield (
            f"{_name(collection)} is {collection['state']} "
            f"({collection['error_code']}: {collection['error_message']})"
        )


def _is_whole(case: Case, collection: Row) -> bool:
    return collection["state"] == "completed" and not _is_over(case, collection)


def _is_over(case: Case, collection: Row) -> bool:
    session = case.tables.sessions[collection["session_id"]]
    return bool(session["state"] != "active")


def _entries(case: Case, collection: Row) -> Iterator[str]:
    list_id = collection["key"].removeprefix("playlist:")
    known = case.plan.playlists.all_ids.get(list_id, set())
    for entry in case.entries_of[collection["id"]]:
        video = entry["video_id"]
        if video not in known:
            yield f"{_name(collection)} holds {video}, which was never in it"
        elif case.videos[video].status == "private":
            if entry["job_id"] is not None or entry["unavailable"] != "private":
                yield f"{_name(collection)}: {video} is private, and became {entry}"
        elif entry["skipped"] is None and _is_whole(case, collection):
            yield from _job(case, collection, entry)


def _job(case: Case, collection: Row, entry: Row) -> Iterator[str]:
    job = case.tables.jobs.get(entry["job_id"] or 0)
    if (
        job is None
        or job["session_id"] != collection["session_id"]
        or job["video_id"] != entry["video_id"]
        or job["options"]["format"] != collection["options"]["format"]
    ):
        yield f"{_name(collection)}: {entry['video_id']} has the job {job}"


def _name(collection: Row) -> str:
    return f"{collection['key']} ({collection['uuid']})"
