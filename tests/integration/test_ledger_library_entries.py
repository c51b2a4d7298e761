"""The rows of the library's files."""

from dataclasses import replace

from tests.integration.ledger_rig import claimed, drop, links
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.library_entries import (
    LibraryEntry,
    find_library_entry,
    save_library_entries,
)

GONE = 77


def test_the_latest_file_is_stored_and_that_of_a_pruned_job_passed_over(
    ledger: Ledger,
) -> None:
    drop(ledger, "alice", links("aaaaaaaaaaa"))
    job_id = claimed(ledger).fence.job_id
    entry = LibraryEntry(job_id=job_id, attempt=1, name="Song.mp3", identity="1:2:3")
    later = replace(entry, attempt=2, name="Song (2).mp3")
    for written in (entry, later):
        with ledger.write() as db:
            save_library_entries(db, [replace(entry, job_id=GONE), written])
        with ledger.read() as db:
            assert find_library_entry(db, job_id) == written
            assert find_library_entry(db, GONE) is None
