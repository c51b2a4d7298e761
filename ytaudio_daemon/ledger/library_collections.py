"""What collections are called in the library, and what was written there for them."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ytaudio_daemon.ledger.schema import collections, library_collections, sessions
from ytaudio_daemon.model.job_collection import JobCollection
from ytaudio_daemon.model.library_facts import collection_name


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCollection:
    """A collection as the library has it; it keeps its name when its title changes.

    Attributes:
        collection_id: Its row.
        name: The field `{collection}`; no other one of the session has it.
        playlist: The path of its .m3u8 from the session's folder, if one was written.
        cover: The path of its cover, if one was written.
        cover_identity: That file as it was then (`folders.library.identity_of`).
    """

    collection_id: int
    name: str
    playlist: str | None = None
    cover: str | None = None
    cover_identity: str | None = None


def find_library_collection(
    db: Connection, collection_id: int
) -> LibraryCollection | None:
    """Return what the library has of a collection, if anything."""
    mine = library_collections.c.collection_id == collection_id
    row = db.execute(sa.select(library_collections).where(mine)).mappings().first()
    return None if row is None else LibraryCollection(**row)


def name_collection(
    db: Connection, collection: JobCollection, session_name: str
) -> LibraryCollection:
    """Return what the library has of a collection; one without a name gets it.

    Args:
        db: A write transaction.
        collection: The collection.
        session_name: The session's: those of one name share a folder.
    """
    known = find_library_collection(db, collection.row_id)
    if known is not None:
        return known
    wanted = collection.title or collection.key.partition(":")[2]
    name = collection_name(wanted, collection.key, _names_in_use(db, session_name))
    named = LibraryCollection(collection_id=collection.row_id, name=name)
    db.execute(sa.insert(library_collections).values(**asdict(named)))
    return named


def _names_in_use(db: Connection, session_name: str) -> list[tuple[str, str]]:
    """Return name and key of the collections in a folder of the library."""
    query = (
        sa.select(library_collections.c.name, collections.c.key)
        .join(collections, collections.c.id == library_collections.c.collection_id)
        .join(sessions, sessions.c.id == collections.c.session_id)
        .where(sessions.c.name == session_name)
        .order_by(library_collections.c.collection_id)
    )
    return [(row.name, row.key) for row in db.execute(query).all()]


def save_library_collection(db: Connection, changed: LibraryCollection) -> None:
    """Store what the library has of a collection that has a name."""
    mine = library_collections.c.collection_id == changed.collection_id
    db.execute(sa.update(library_collections).where(mine).values(**asdict(changed)))
