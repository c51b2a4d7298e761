"""Which names in an inbox are drops, sessions, or neither."""

import pytest

from ytaudio_daemon.dropfile import (
    DropKind,
    drop_kind,
    is_always_ignored,
    is_ignored_folder,
    is_temporary,
    session_name_problem,
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("songs.txt", DropKind.TEXT),
        ("SONGS.TXT", DropKind.TEXT),
        ("a.urls", DropKind.TEXT),
        ("a.list", DropKind.TEXT),
        ("songs.txt.failed.txt", DropKind.TEXT),
        ("a.jsonl", DropKind.JSONL),
        ("A.Url", DropKind.URL),
        ("a.webloc", DropKind.WEBLOC),
        ("a.desktop", DropKind.DESKTOP),
        ("\udcff.txt", DropKind.TEXT),
        ("a.json", DropKind.JSON),
        ("a.csv", DropKind.TABLE),
        ("a.TSV", DropKind.TABLE),
        ("Bookmarks.HTML", DropKind.HTML),
        ("a.htm", DropKind.HTML),
        ("a.m3u", DropKind.M3U),
        ("a.m3u8", DropKind.M3U),
        ("notes.md", DropKind.MARKDOWN),
        ("a.jsonld", None),
        ("songs.txt:Zone.Identifier", None),
        ("txt", None),
        ("", None),
        (".txt", None),
        ("a.txt~", None),
        ("a.txt.part", None),
        ("desktop.ini", None),
        ("README.md", None),
    ],
)
def test_the_ending_tells_the_kind(name: str, kind: DropKind | None) -> None:
    assert drop_kind(name) is kind


@pytest.mark.parametrize(
    "name",
    [
        *(".hidden", "a~", "~$a.txt", "#a.txt#", "a.txt.part", "a.partial"),
        *("a.filepart", "a.tmp", "a.swp", "a.crdownload", "a.download", "A.PART"),
        *(".syncthing.a.txt.tmp", "~syncthing~a.txt", "4913", ".a.txt.Xy12Zw"),
    ],
)
def test_unfinished_names_wait(name: str) -> None:
    assert is_temporary(name)
    assert drop_kind(name) is None


@pytest.mark.parametrize("name", ["a.txt", "part", "a#.txt", "#a.txt", "download.txt"])
def test_finished_names_do_not_wait(name: str) -> None:
    assert not is_temporary(name)


def test_litter_is_never_taken() -> None:
    assert all(
        map(is_always_ignored, ["@eaDir", "Thumbs.db", "THUMBS.DB", "desktop.ini"])
    )
    assert not is_always_ignored("songs.txt")


@pytest.mark.parametrize(
    "name",
    [
        "songs.txt:Zone.Identifier",
        "songs.txt:AFP_AfpInfo",
        "songs.txt:AFP_Resource",
        "songs.txt:zone.identifier:$DATA",
        "songs.txt\uf03aZone.Identifier",
        "songs.txt:com.apple.metadata_kMDItemWhereFroms",
    ],
)
def test_what_other_systems_keep_beside_a_file_is_never_taken(name: str) -> None:
    assert is_always_ignored(name)
    assert not is_always_ignored(name.replace(":", "-").replace("\uf03a", "-"))


@pytest.mark.parametrize(
    "name",
    [
        "#recycle",
        "$RECYCLE.BIN",
        "lost+found",
        "@eaDir",
        ".git",
        "processed",
        "rejected",
    ],
)
def test_some_folders_are_no_sessions(name: str) -> None:
    assert is_ignored_folder(name)


@pytest.mark.parametrize(
    "name", ["a", "Road trip", "ä" * 50, "日本", "a.b", "$x", "👩‍👧"]
)
def test_good_session_names(name: str) -> None:
    assert session_name_problem(name) is None
    assert not is_ignored_folder(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "x" * 101, "ä" * 51, ".", "..", ".a", "-a", "a/b", "a\nb", "a\x1b[31m"),
        *("a\x7f", "a\x85", "a\u2028b", "a\u202eb", "\udcff", "processed", "Rejected"),
    ],
)
def test_bad_session_names_get_a_reason(name: str) -> None:
    problem = session_name_problem(name)
    assert problem
    assert problem.isprintable()
