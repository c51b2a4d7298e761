"""Names fit where a file system takes less than 255 bytes."""

import os
from pathlib import Path

import pytest

from ytaudio_daemon.folders.filed import VIEW_ENDINGS, names_to_try
from ytaudio_daemon.folders.layout import MAX_RECEIPT_STEM, receipt_name
from ytaudio_daemon.model.file_names import MAX_NAME_BYTES, file_name
from ytaudio_daemon.system.name_limit import name_limit

#: Of eCryptfs, which Synology's encrypted folders use.
ECRYPTFS = 143


@pytest.fixture
def encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every folder take names of 143 bytes."""
    monkeypatch.setattr(os, "pathconf", lambda *_: ECRYPTFS)


def test_the_usual_file_system_changes_nothing(tmp_path: Path) -> None:
    assert name_limit(MAX_NAME_BYTES, tmp_path) == MAX_NAME_BYTES
    assert name_limit(MAX_NAME_BYTES, tmp_path / "missing") == MAX_NAME_BYTES


@pytest.mark.usefixtures("encrypted")
def test_names_of_143_bytes_have_room_for_their_endings(tmp_path: Path) -> None:
    limit = name_limit(MAX_NAME_BYTES, tmp_path)
    title = file_name("%(title)s", {"title": "é" * 200}, "opus", limit)
    assert len(f"{title} [AAAAAAAAAAA] (999)".encode()) <= ECRYPTFS

    names = names_to_try(b"D" * 139 + b".txt", 0)
    for name, ending in zip(names, VIEW_ENDINGS, strict=False):
        assert len(name + ending) <= ECRYPTFS

    long, other = (
        receipt_name(name, name_limit(MAX_RECEIPT_STEM, tmp_path))
        for name in (b"D" * 139, b"D" * 138)
    )
    assert len(long) <= ECRYPTFS
    assert long != other


@pytest.mark.usefixtures("encrypted")
def test_of_a_list_in_a_folder_only_its_own_name_is_shortened() -> None:
    folder_name = b"F" * ECRYPTFS
    names = names_to_try(folder_name + b"/" + b"D" * 139 + b".txt", 0)
    for name, ending in zip(names, VIEW_ENDINGS, strict=False):
        folder, last = name.split(b"/")
        assert folder == folder_name
        assert last.endswith(b".txt")
        assert 100 < len(last + ending) <= ECRYPTFS
