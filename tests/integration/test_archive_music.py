"""Which videos music files came from: by the marks that this program and yt-dlp leave."""

import json
import os
import struct
import subprocess
import tracemalloc
import zlib
from pathlib import Path

import pytest
import yt_dlp
from yt_dlp.postprocessor import FFmpegMetadataPP

from tests.others import needs_root
from ytaudio_daemon.archive import music_files
from ytaudio_daemon.archive.findings import Finding, OtherSite, Problem, Unmarked
from ytaudio_daemon.archive.music_files import MUSIC_ENDINGS, read_file, read_folder
from ytaudio_daemon.fetch.tag import write_tags
from ytaudio_daemon.fetch.tag_marks import TAGGED_ENDINGS, video_in_tags
from ytaudio_daemon.fetch.tools import find_tools
from ytaudio_daemon.model.archived_video import ArchivedVideo, FoundIn

ID, OTHER = "dQw4w9WgXcQ", "BBBBBBBBBBB"
CODECS = {
    "mp3": "libmp3lame", "m4a": "aac", "mp4": "aac", "opus": "libopus",
    "ogg": "libvorbis", "flac": "flac", "wav": "pcm_s16le", "webm": "libopus",
}  # fmt: skip
OURS = ("mp3", "m4a", "opus", "ogg", "flac", "wav")


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a short sound in each container, without marks."""
    folder = tmp_path_factory.mktemp("silence")
    outputs: list[str] = []
    for ending, codec in CODECS.items():
        outputs += ["-map", "0", "-c:a", codec, str(folder / f"Song.{ending}")]
    tone = ["-f", "lavfi", "-i", "sine=d=0.2"]
    subprocess.run([ffmpeg(), "-v", "error", *tone, *outputs], check=True)
    return folder


def ffmpeg() -> str:
    found = find_tools().ffmpeg
    assert found is not None
    return found.path


def song(silence: Path, folder: Path, ending: str, name: str = "Song") -> Path:
    path = folder / f"{name}.{ending}"
    path.write_bytes((silence / f"Song.{ending}").read_bytes())
    return path


def had(path: Path, found_in: FoundIn = FoundIn.TAGS) -> ArchivedVideo:
    return ArchivedVideo(ID, found_in, os.fsencode(path))


def videos(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each is not None]


@pytest.mark.parametrize("ending", OURS)
def test_our_own_files_say_which_video_they_are(
    silence: Path, tmp_path: Path, ending: str
) -> None:
    path = song(silence, tmp_path, ending)
    assert read_file(path) == Unmarked(os.fsencode(path))
    url = f"https://www.youtube.com/watch?v={ID}"
    write_tags(path, {"title": "Song"}, b"", video_id=ID, url=url)
    assert read_file(path) == had(path)


@pytest.mark.parametrize(
    "ending", [each for each in CODECS if each not in {"wav", "webm"}]
)
def test_what_yt_dlp_embeds_is_read_and_links_in_descriptions_are_not(
    silence: Path, tmp_path: Path, ending: str
) -> None:
    path = song(silence, tmp_path, ending)
    options = {"ffmpeg_location": ffmpeg(), "quiet": True, "no_warnings": True}
    info = {
        "filepath": str(path),
        "ext": ending,
        "title": "Song",
        "webpage_url": f"https://www.youtube.com/watch?v={ID}",
        "description": f"https://youtu.be/{OTHER}",
    }
    with yt_dlp.YoutubeDL(options) as ydl:
        FFmpegMetadataPP(ydl, add_metadata=True, add_chapters=False).run(info)
    assert read_file(path) == had(path)


@pytest.mark.parametrize("ending", sorted(CODECS))
def test_a_name_helps_where_there_are_no_tags(
    silence: Path, tmp_path: Path, ending: str
) -> None:
    path = song(silence, tmp_path, ending, f"Song [{ID}]")
    assert read_file(path) == had(path, FoundIn.FILE_NAME)


def test_tags_go_before_the_info_file_and_that_before_the_name(
    silence: Path, tmp_path: Path
) -> None:
    path = song(silence, tmp_path, "opus", "Song [CCCCCCC_cC1]")
    info = path.with_name("Song [CCCCCCC_cC1].info.json")
    info.write_text(json.dumps({"id": ID, "extractor_key": "Youtube"}))
    assert read_file(path) == had(path, FoundIn.INFO_JSON)
    write_tags(path, {}, b"", video_id=OTHER, url=f"https://youtu.be/{OTHER}")
    assert read_file(path) == ArchivedVideo(OTHER, FoundIn.TAGS, os.fsencode(path))


def info_file(folder: Path, content: str, name: str = "Song") -> Path:
    path = folder / f"{name}.info.json"
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('{"id": "dQw4w9WgXcQ", "extractor": "youtube"}', ArchivedVideo(ID, FoundIn.INFO_JSON)),
        ('{"id": "Alternative", "extractor_key": "Youtube"}',
         ArchivedVideo("Alternative", FoundIn.INFO_JSON)),
        ('{"id": "123", "extractor_key": "Soundcloud"}', OtherSite("soundcloud")),
        ('{"id": "PL1", "_type": "playlist", "extractor_key": "YoutubeTab"}', None),
    ],
)  # fmt: skip
def test_an_info_file_alone_counts_as_well(
    tmp_path: Path, content: str, found: Finding
) -> None:
    assert read_file(info_file(tmp_path, content)) == found


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[" * 100_000,
        "[]",
        "3",
        '{"x": 1}',
        '{"id": 5, "extractor": "youtube"}',
    ],
)
def test_an_info_file_that_is_none_is_named_unless_its_name_tells(
    tmp_path: Path, content: str
) -> None:
    bad = read_file(info_file(tmp_path, content))
    assert isinstance(bad, Problem)
    assert "no .info.json of yt-dlp" in bad.message
    good = read_file(info_file(tmp_path, content, f"Song [{ID}]"))
    assert good == ArchivedVideo(ID, FoundIn.INFO_JSON)


def test_an_info_file_with_a_million_comments_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(music_files, "MAX_INFO_BYTES", 50)
    content = json.dumps({"id": OTHER, "extractor": "youtube", "comments": ["x"] * 99})
    found = read_file(info_file(tmp_path, content, f"Song [{ID}]"))
    assert found == ArchivedVideo(ID, FoundIn.INFO_JSON)


def test_a_folder_is_walked_in_order_without_what_is_hidden_or_no_music(
    silence: Path, tmp_path: Path
) -> None:
    first = song(silence, tmp_path, "mp3", f"A [{ID}]")
    album = tmp_path / "Album"
    album.mkdir()
    second = song(silence, album, "opus", f"B [{ID}]")
    info_file(album, '{"id": "dQw4w9WgXcQ", "extractor": "youtube"}', f"B [{ID}]")
    lost = song(silence, album, "wav", "Lost")
    (tmp_path / ".hidden").mkdir()
    song(silence, tmp_path / ".hidden", "mp3", f"H [{ID}]")
    (album / f"._B [{ID}].opus").write_bytes(b"x")
    (album / f"cover [{ID}].jpg").write_bytes(b"x")
    (album / f"part [{ID}].mp3.part").write_bytes(b"x")
    (album / "loop").symlink_to(tmp_path)
    assert videos(list(read_folder(tmp_path))) == [
        had(first, FoundIn.FILE_NAME),
        had(second, FoundIn.INFO_JSON),
        Unmarked(os.fsencode(lost)),
    ]


def test_a_name_that_is_not_utf8_and_a_pipe_stop_nobody(
    silence: Path, tmp_path: Path
) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff [dQw4w9WgXcQ].mp3"
    Path(os.fsdecode(odd)).write_bytes((silence / "Song.mp3").read_bytes())
    os.mkfifo(tmp_path / "pipe.mp3")
    pipe, found = videos(list(read_folder(tmp_path)))
    assert found == ArchivedVideo(ID, FoundIn.FILE_NAME, odd)
    assert isinstance(pipe, Problem)
    assert pipe.message == "it cannot be read: is not a plain file"


@needs_root
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            tmp_path.chmod(0o755)
            shut.chmod(0)
            os.setresuid(65534, 65534, 65534)
            (found,) = videos(list(read_folder(shut)))
            assert isinstance(found, Problem)
            code = 0 if "Permission denied" in found.message else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("ending", OURS)
def test_a_damaged_file_is_named_and_raises_nothing_else(
    silence: Path, tmp_path: Path, ending: str
) -> None:
    path = song(silence, tmp_path, ending)
    write_tags(
        path, {"title": "T" * 99}, b"", video_id=ID, url=f"https://youtu.be/{ID}"
    )
    whole = path.read_bytes()
    for at in range(0, min(len(whole), 2000), 37):
        for damaged in (whole[:at], whole[:at] + b"\xff\x7f\xff\xff" + whole[at + 4 :]):
            path.write_bytes(damaged)
            assert isinstance(read_file(path), ArchivedVideo | Unmarked | Problem)


def test_every_tagged_ending_has_a_reader_that_takes_an_empty_file(
    tmp_path: Path,
) -> None:
    assert TAGGED_ENDINGS < MUSIC_ENDINGS
    for ending in TAGGED_ENDINGS:
        path = tmp_path / f"empty{ending}"
        path.write_bytes(b"")
        assert isinstance(read_file(path), Unmarked | Problem)
    with (tmp_path / "empty.mp3").open("rb") as file:
        assert video_in_tags(file, ".mp3") is None


def id3_frame(version: int, name: str, content: bytes, *, compressed: bool) -> bytes:
    """Return a frame as ID3v2.3 or 2.4 has it."""
    flags = 0
    if compressed:
        flags = 0x0009 if version == 4 else 0x0080
        inflated = len(content).to_bytes(4, "big") if version == 3 else bytes(4)
        content = inflated + zlib.compress(content, 1)
    size = len(content)
    sizes = synchsafe(size) if version == 4 else size.to_bytes(4, "big")
    return name.encode() + sizes + flags.to_bytes(2, "big") + content


def synchsafe(size: int) -> bytes:
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("ending", ["mp3", "wav", "aiff"])
@pytest.mark.parametrize("name", ["TXXX", "APIC"])
def test_a_small_file_that_inflates_to_many_megabytes_is_read_in_little_memory(
    tmp_path: Path, version: int, ending: str, name: str
) -> None:
    mark = b"\x03YOUTUBE_ID\x00" + ID.encode()
    frames = id3_frame(version, name, bytes(40 << 20), compressed=True)
    frames += id3_frame(version, "TXXX", mark, compressed=True)
    tag = b"ID3" + bytes([version, 0, 0]) + synchsafe(len(frames)) + frames
    tag += bytes(len(tag) % 2)
    path = tmp_path / f"Song.{ending}"
    if ending == "wav":
        form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
        chunks = [(b"fmt ", form), (b"data", bytes(16)), (b"id3 ", tag)]
        body = b"".join(
            key + struct.pack("<I", len(each)) + each for key, each in chunks
        )
        path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    elif ending == "aiff":
        rate = bytes.fromhex("400bfa00000000000000")
        common = struct.pack(">hIh", 1, 8, 16) + rate
        chunks = [(b"COMM", common), (b"SSND", bytes(24)), (b"ID3 ", tag)]
        body = b"".join(
            key + struct.pack(">I", len(each)) + each for key, each in chunks
        )
        path.write_bytes(b"FORM" + struct.pack(">I", 4 + len(body)) + b"AIFF" + body)
    else:
        path.write_bytes(tag + bytes(1000))
    read_file(path)  # imports
    tracemalloc.start()
    try:
        found = read_file(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == had(path)
    assert most < 20 << 20
