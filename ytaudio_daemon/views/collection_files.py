"""Writes the files of a whole collection into the library: its `.m3u8`, its cover."""

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

#: Songs of an album that are searched for a cover.
MAX_COVER_TRIES = 20


@dataclass(slots=True, kw_only=True)
class CollectionFiles:
    """The files of one collection, written in steps.

    Attributes:
        ledger: Has the entries; they are read a page at a time.
        layout: The folders.
        library: The library's root.
        collection: The collection, and its session.
        known: The collection's name, playlist and cover in the library.
        rules: The session's library rules.
        unsaved: Files of jobs that are in the library and not in the ledger yet.
        is_asked_for: True if a person asked for the collection again: files of it that
            were removed are written again.
    """

    ledger: Ledger
    layout: Layout
    library: Path
    collection: PlaylistHead
    known: LibraryCollection
    rules: LibraryRules
    unsaved: Mapping[int, LibraryEntry]
    is_asked_for: bool
    #: Path and job's UUID of the songs that are in the library.
    _songs: list[tuple[str, str]] = field(default_factory=list)

    def write(self) -> Generator[None, None, LibraryCollection]:
        """Write what is due, yielding between pages; return the new `known`.

        Raises:
            LedgerError: The ledger cannot be read.
            OSError, UnsafePathError, ValueError: A file cannot be written.
        """
        name = self._playlist_name()
        if name is None and not self._wants_cover:
            return self.known
        if name is None:
            for entry in self._page((0, "")):
                self._playlist_item(entry)
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
                writer.write(
                    "".join(self._playlist_item(entry).lines() for entry in page)
                )
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

    def _playlist_item(self, entry: PlaylistEntry) -> PlaylistItem:
        path = self._path(entry)
        if path is not None and entry.job_uuid is not None:
            self._songs.append((path, entry.job_uuid))
        return PlaylistItem(
            position=entry.position,
            title=entry.job_title or entry.title or entry.video_id,
            artist=entry.artist or "",
            duration_s=entry.duration_s,
            path=path,
            absence=_unlisted_text(entry) if path else _absence_text(entry),
        )

    def _path(self, entry: PlaylistEntry) -> str | None:
        """Return the path of an entry's song in its session's folder; None if it has none."""
        unsaved = self.unsaved.get(entry.job_id) if entry.job_id is not None else None
        path = unsaved.name if unsaved else entry.library_path
        if path and os.path.lexists(self.library / self._session / path):
            return path
        return None

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


def _unlisted_text(entry: PlaylistEntry) -> str:
    """Return since when a song is no longer in the list; "" if it still is."""
    if entry.gone_at is None:
        return ""
    return f"not in the list since {rfc3339(entry.gone_at, 'seconds')[:10]}"


def _absence_text(entry: PlaylistEntry) -> str:
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
