"""Finds what an ID, or the beginning of one, names: a job or a collection."""

from collections.abc import Iterable

from ytaudio_daemon.errors import UnknownJobError
from ytaudio_daemon.ledger import Connection, collection_queries, queries
from ytaudio_daemon.ledger.collection_queries import CollectionDetails
from ytaudio_daemon.ledger.queries import JobRow


def find_work(db: Connection, prefix: str) -> JobRow | CollectionDetails:
    """Return the one job or collection whose UUID begins with a prefix.

    Raises:
        UnknownJobError: None does, or several do.
    """
    found = collection_queries.collections_by_prefix(db, prefix)
    if not found:
        return queries.find_job(db, prefix)
    jobs = queries.jobs_by_prefix(db, prefix.strip().lower())
    if len(jobs) + len(found) == 1:
        return found[0]
    raise UnknownJobError(
        f"several jobs and collections begin with {prefix!r}", "Give more of it."
    )


def find_all_work(
    db: Connection, prefixes: Iterable[str]
) -> tuple[list[JobRow], list[CollectionDetails]]:
    """Return the jobs and the collections whose IDs begin like that, each once.

    Raises:
        UnknownJobError: A prefix fits nothing, or several.
    """
    jobs: dict[int, JobRow] = {}
    collections: dict[int, CollectionDetails] = {}
    for prefix in prefixes:
        work = find_work(db, prefix)
        if isinstance(work, JobRow):
            jobs[work.id] = work
        else:
            collections[work.id] = work
    return list(jobs.values()), list(collections.values())
