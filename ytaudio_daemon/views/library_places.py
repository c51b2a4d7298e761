"""Decides where finished files belong in the library, from ledger and `job.json`."""

from pathlib import PurePath

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.published import read_job_file
from ytaudio_daemon.folders.session_defaults import read_session_library
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.job_collections import collection_of_job
from ytaudio_daemon.ledger.library_playlists import (
    LibraryCollection,
    find_library_collection,
    name_collection,
)
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model.file_names import MAX_NAME_BYTES
from ytaudio_daemon.model.job_collection import JobCollection
from ytaudio_daemon.model.library_facts import LibraryFacts, collection_name
from ytaudio_daemon.model.library_rules import LibraryRules
from ytaudio_daemon.model.library_template import LibraryPlace, fields_in, library_place
from ytaudio_daemon.system.name_limit import name_limit

#: Fields of a template that the ledger has; the others are in `job.json`.
_LEDGER_FIELDS = frozenset({"title", "id", "collection", "position"})

#: A collection, and its name, playlist and cover in the library.
NamedCollection = tuple[JobCollection, LibraryCollection]


def named_collection(
    ledger: Ledger, job: JobRow, *, saves_name: bool = True
) -> NamedCollection | None:
    """Return the collection that a job came from, and its files in the library.

    Args:
        ledger: Has both.
        job: The job.
        saves_name: Save a name for a collection that has none; otherwise the name is
            returned that it would get if no other collection had it.

    Raises:
        LedgerError: Call again.
    """
    if job.collection_uuid is None:
        return None
    with ledger.read() as db:
        collection = collection_of_job(db, job.id)
        known = find_library_collection(db, collection.row_id) if collection else None
    if collection is None:
        return None
    if known is None and not saves_name:
        name = collection_name(collection.title, collection.key, [])
        known = LibraryCollection(collection_id=collection.row_id, name=name)
    if known is None:  # once for each collection
        with ledger.write() as db:
            known = name_collection(db, collection, job.session_name)
    return collection, known


def place_of_job(
    layout: Layout,
    job: JobRow,
    named: NamedCollection | None,
    rules: LibraryRules,
) -> LibraryPlace:
    """Return where a completed job's file belongs in its session's folder.

    Args:
        layout: The folders.
        job: A completed job.
        named: The result of `named_collection`.
        rules: The config's; those in the session's `defaults.toml` win.

    Raises:
        OSError, UnsafePathError, ValueError: The session's `defaults.toml` is wrong, or
            cannot be read.
    """
    own = read_session_library(layout.inbox, job.session_name, rules)
    template = own.template_for(named[0].kind if named else "")
    file = PurePath(job.output_path or "")
    needs_job_file = not fields_in(template) <= _LEDGER_FIELDS
    document = (
        read_job_file(layout, job.session_uuid, job.uuid) if needs_job_file else {}
    )
    tags, channel = document.get("tags"), document.get("channel")
    facts = LibraryFacts(
        title=file.stem,
        video_id=job.video_id,
        tags=tags if isinstance(tags, dict) else {},
        channel=channel if isinstance(channel, str) else "",
        collection=named[0] if named else None,
        collection_name=named[1].name if named else "",
    )
    limit = name_limit(MAX_NAME_BYTES, layout.library or layout.downloads)
    return library_place(template, facts.fields(), file.suffix[1:], limit)
