"""Writes what the library has for a whole collection: its `.m3u8`, an album's cover."""

import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ytaudio_daemon.folders import Layout
from ytaudio_daemon.folders.library_cover import add_cover
from ytaudio_daemon.folders.library_playlist import PlaylistWriter, playlist_to_write
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.library_entries import LibraryEntry
from ytaudio_daemon.ledger.library_playlists import (
    LibraryCollection,
    PlaylistEntry,
    PlaylistHead,
    playlist_page,
)
from ytaudio_daemon.model import JobState
from ytaudio_daemon.model.library_rules import LibraryRules
from ytaudio_daemon.model.m3u_playlist import PlaylistItem, head
from ytaudio_daemon.model.subscription import REMOVED_REMARK, Removal
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.system.times import rfc3339

#: Songs of an album whose job may have the cover.
MAX_COVER_TRIES = 20


@dataclass(slots=True, kw_only=True)
class CollectionFiles:
    """The files of one collection, written in steps.

    Attributes:
        ledger: Read a page at a time.
        layout: With a library.
        library: Its root.
        collection: The collection, and its session.
        known: What the library has of it.
        rules: The session's.
        unsaved: Files of jobs that are not in the ledger yet.
        is_asked_for: A person asked for it again: what was removed comes back.
    """

    ledger: Ledger
    layout: Layout
    library: Path
    collection: PlaylistHead
    known: LibraryCollection
    rules: LibraryRules
    unsaved: Mapping[int, LibraryEntry]
    is_asked_for: bool
    #: Songs that are in the library: path and job's UUID.
    _songs: list[tuple[str, str]] = field(default_factory=list)

    def write(self) -> Generator[None, None, LibraryCollection]:
        """Write what is due; yields between pages, and returns what the library has.

        Raises:
            LedgerError: The ledger cannot be read.
            OSError, UnsafePathError, ValueError: A file cannot be written.
        """
        name = self._playlist_name()
        if name is None and not self._wants_cover:
            return self.known
        if name is None:
            for entry in self._page((0, "")):
                self._item(entry)
        else:
            yield from self._write_playlist(name)
        self._add_cover()
        return self.known

    @property
    def _session(self) -> str:
        return self.collection.session_name

    @property
    def _owner(self) -> str:
        return self.collection.collection.uuid

    @property
    def _wants_cover(self) -> bool:
        is_album = self.rules.cover and self.collection.collection.kind == "album"
        return is_album and (self.known.cover is None or self.is_asked_for)

    def _playlist_name(self) -> str | None:
        if not self.rules.playlists:
            return None
        return playlist_to_write(
            self.library,
            self._session,
            self._owner,
            self.known.name,
            self.known.playlist,
            is_asked_for=self.is_asked_for,
        )

    def _write_playlist(self, name: str) -> Generator[None]:
        writer = PlaylistWriter(self.library, self._session, name, self._owner)
        try:
            writer.write(head(self.collection.collection.title or self.known.name))
            after = (0, "")
            while page := self._page(after):
                writer.write("".join(self._item(entry).lines() for entry in page))
                after = page[-1].position, page[-1].video_id
                yield
            if self._songs or self.known.playlist:
                writer.commit()
                failpoints.failpoint("library.playlist_written", self._owner)
                self.known = replace(self.known, playlist=name)
        finally:
            writer.discard()

    def _page(self, after: tuple[int, str]) -> list[PlaylistEntry]:
        with self.ledger.read() as db:
            return playlist_page(db, self.known.collection_id, after)

    def _item(self, entry: PlaylistEntry) -> PlaylistItem:
        path = self._path(entry)
        if path is not None and entry.job_uuid is not None:
            self._songs.append((path, entry.job_uuid))
        return PlaylistItem(
            position=entry.position,
            title=entry.job_title or entry.title or entry.video_id,
            artist=entry.artist or "",
            duration_s=entry.duration_s,
            path=path,
            absence=_gone(entry) if path else _absence(entry),
        )

    def _path(self, entry: PlaylistEntry) -> str | None:
        """Return where an entry's song is, None where it is not."""
        unsaved = self.unsaved.get(entry.job_id) if entry.job_id is not None else None
        path = unsaved.name if unsaved else entry.library_path
        is_there = path and os.path.lexists(self.library / self._session / path)
        return path if is_there else None

    def _add_cover(self) -> None:
        if not self._wants_cover:
            return
        for song, job_uuid in self._songs[:MAX_COVER_TRIES]:
            parts = (self.collection.session_uuid, job_uuid)
            cover = add_cover(
                self.layout.downloads, self.library, self._session, parts, song
            )
            if cover is not None:
                failpoints.failpoint("library.cover_added", self._owner)
                self.known = replace(
                    self.known, cover=cover.name, cover_identity=cover.identity
                )
                return


def _gone(entry: PlaylistEntry) -> str:
    """Return since when a song is no longer in the list, or ""."""
    if entry.gone_at is None:
        return ""
    return f"not in the list since {rfc3339(entry.gone_at, 'seconds')[:10]}"


def _absence(entry: PlaylistEntry) -> str:
    """Return why an entry has no song here."""
    if entry.state is None:
        return f"not available: {entry.unavailable}"
    if entry.state == JobState.FAILED:
        return f"failed: {entry.error_message}"
    if entry.state == JobState.CANCELLED:
        return "cancelled"
    if entry.state == JobState.COMPLETED and entry.removal == Removal.REMOVED:
        return REMOVED_REMARK
    if entry.state == JobState.COMPLETED:
        return "moved or removed here" if entry.library_path else "not here yet"
    return "not here yet"
