"""Every format from every kind of source; what is broken never passes.

No network: a finished source lies there, as an earlier attempt left it.
"""

import struct
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.flac import Picture

from tests.integration.fetch_rig import VIDEO, Runner
from ytaudio_daemon.fetch import libav
from ytaudio_daemon.fetch import source as sources
from ytaudio_daemon.fetch.metadata import VideoFacts
from ytaudio_daemon.fetch.source import Source
from ytaudio_daemon.model import FailureKind, FetchRequest, Limits

pytest_plugins = ["tests.integration.fetch_fixtures"]

SECONDS = 4
#: Samples of a frame, and of the silence before the first one (encoder delay).
AAC_FRAME = 1024
FORMATS = ("mp3", "m4a", "wav", "flac", "ogg", "opus")
CODECS = {
    "mp3": "mp3",
    "m4a": "aac",
    "wav": "pcm_s16le",
    "flac": "flac",
    "ogg": "vorbis",
    "opus": "opus",
}
#: Name of the media file, codec, and how ffmpeg makes it.
MEDIA = {
    "aac": ("media.m4a", "aac", ("-c:a", "aac")),
    "opus": ("media.webm", "opus", ("-c:a", "libopus")),
    "muxed": ("media.mp4", "aac", ("-c:a", "aac", "-c:v", "libx264")),
}
COVERS = {"jpg": "image/jpeg", "png": "image/png", "none": None}


class Workshop:
    """Makes media once, and finished sources from them."""

    def __init__(self, runner: Runner, folder: Path) -> None:
        assert runner.tools.ffmpeg is not None
        self.runner = runner
        self.ffmpeg = runner.tools.ffmpeg.path
        self._folder = folder

    def media(self, kind: str) -> bytes:
        name, _, encoder = MEDIA[kind]
        path = self._folder / f"{kind}-{name}"
        if not path.exists():
            video = ("-f", "lavfi", "-i", f"testsrc=d={SECONDS}:s=64x64:r=5")
            noise = f"anoisesrc=d={SECONDS}:r=44100:a=0.3"
            inputs = ("-f", "lavfi", "-i", noise, *(video * (kind == "muxed")))
            self._make(*inputs, "-ac", "2", *encoder, str(path))
        return path.read_bytes()

    def picture(self, kind: str) -> bytes:
        path = self._folder / f"cover.{kind}"
        if not path.exists():
            test = ("-f", "lavfi", "-i", "testsrc=s=320x180", "-frames:v", "1")
            self._make(*test, str(path))
        return path.read_bytes()

    def request(
        self,
        kind: str,
        *,
        cover: str = "none",
        spoil: Callable[[bytes], bytes] = bytes,
        duration_s: float = SECONDS,
        name: str = "",
        **options: Any,
    ) -> FetchRequest:
        """Return a request whose source is already there."""
        request = self.runner.request(self.runner.folder(), **options)
        usual_name, codec, _ = MEDIA[kind]
        name = name or usual_name
        folder = sources.begin(request)
        body = spoil(self.media(kind))
        (folder / name).write_bytes(body)
        if cover != "none":
            (folder / "cover").write_bytes(self.picture(cover))
        sources.seal(
            request,
            Source(
                facts=VideoFacts(
                    video_id=VIDEO,
                    title="Lied — ♫ 日本",
                    artist="Nina Simone",
                    album="Ein Album",
                    track_number=3,
                    date="1965-06-01",
                    duration_s=duration_s,
                    view_count=7,
                ),
                wanted=sources.selection_key(request.options),
                file=name,
                size_bytes=len(body),
                format_id="1",
                codec=codec,
                channels=2,
                cover="cover" if cover != "none" else "",
            ),
        )
        return request

    def streams(self, path: Path) -> str:
        """Return what ffmpeg itself sees in a file."""
        seen = subprocess.run(
            [self.ffmpeg, "-hide_banner", "-i", str(path)],
            capture_output=True,
            check=False,
        )
        return seen.stderr.decode(errors="replace")

    def _make(self, *arguments: str) -> None:
        command = [self.ffmpeg, "-v", "error", "-y", *arguments]
        subprocess.run(command, check=True)


@pytest.fixture(scope="session")
def workshop(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(runner, tmp_path_factory.mktemp("workshop"))


def picture_of(audio: Any) -> tuple[str, bytes] | None:
    """Return type and bytes of an audio file's picture, as mutagen reads it."""
    if getattr(audio, "pictures", None):
        return audio.pictures[0].mime, audio.pictures[0].data
    for key, value in (audio.tags or {}).items():
        if key.startswith("APIC"):
            return value.mime, value.data
        if key == "covr":
            mime = {13: "image/jpeg", 14: "image/png"}[value[0].imageformat]
            return mime, bytes(value[0])
        if key.lower() == "metadata_block_picture":
            picture = Picture(b64decode(value[0]))  # type: ignore[no-untyped-call]  # mutagen's types are half done
            return picture.mime, picture.data
    return None


def tags_in(audio: Any) -> dict[str, str]:
    """Return the tags by the names that a person uses."""
    names = {
        "title": ("TIT2", "\xa9nam", "title"),
        "artist": ("TPE1", "\xa9ART", "artist"),
        "album": ("TALB", "\xa9alb", "album"),
        "album_artist": ("TPE2", "aART", "albumartist"),
        "track": ("TRCK", "trkn", "tracknumber"),
        "date": ("TDRC", "\xa9day", "date"),
        "genre": ("TCON", "\xa9gen", "genre"),
        "comment": ("COMM::eng", "\xa9cmt", "comment"),
        "id": ("TXXX:YOUTUBE_ID", "----:com.apple.iTunes:YOUTUBE_ID", "youtube_id"),
    }
    tags = {key.lower(): value for key, value in dict(audio.tags).items()}
    return {
        name: in_words(tags[key.lower()])
        for name, keys in names.items()
        for key in keys
        if key.lower() in tags
    }


def in_words(value: Any) -> str:
    while isinstance(value, list | tuple):
        value = value[0]
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("kind", MEDIA)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_from_every_source(
    workshop: Workshop, target: str, kind: str, cover: str
) -> None:
    wishes = {"genre": "Jazz", "album_artist": "Various"}
    request = workshop.request(kind, cover=cover, format=target, tags=wishes)
    ran = workshop.runner.run(request)

    result = ran.result
    assert result.file_name == f"Lied — ♫ 日本.{target}"
    assert result.codec == CODECS[target]
    assert result.copied == (CODECS[target] == MEDIA[kind][1])
    assert abs(result.duration_s - SECONDS) < 0.2
    audio = mutagen.File(ran.audio)
    assert tags_in(audio) == {
        "title": "Lied — ♫ 日本",
        "artist": "Nina Simone",
        "album": "Ein Album",
        "album_artist": "Various",
        "track": "3",
        "date": "1965-06-01",
        "genre": "Jazz",
        "comment": request.url,
        "id": VIDEO,
    }
    picture = picture_of(audio)
    if COVERS[cover] is None:
        assert picture is None
    else:
        assert picture == (COVERS[cover], workshop.picture(cover))
    seen = workshop.streams(ran.audio)
    assert f"Audio: {CODECS[target].partition('_')[0]}" in seen
    assert "Lied — ♫ 日本" in seen
    assert ("attached pic" in seen) == (cover != "none")


@pytest.mark.parametrize("target", FORMATS)
def test_a_songs_place_on_its_album_is_tagged_as_players_read_it(
    workshop: Workshop, target: str
) -> None:
    request = workshop.request(
        "opus",
        format=target,
        tags={"disc": "2/3"},
        album_tags={"album": "Pastel Blues", "track": "7/9", "date": "1965"},
    )
    ran = workshop.runner.run(request)
    audio = mutagen.File(ran.audio)
    found = tags_in(audio)
    assert (found["album"], found["date"]) == ("Pastel Blues", "1965-06-01")
    if target in {"mp3", "wav"}:
        assert (found["track"], audio.tags["TPOS"]) == ("7/9", "2/3")
    elif target == "m4a":
        assert (audio.tags["trkn"], audio.tags["disk"]) == ([(7, 9)], [(2, 3)])
    else:
        names = ("tracknumber", "totaltracks", "discnumber", "totaldiscs")
        assert [audio.tags[name] for name in names] == [["7"], ["9"], ["2"], ["3"]]
    assert ran.job["tags"]["track"] == "7/9"


@pytest.mark.parametrize("cover", ["jpg", "png", "none"])
def test_a_song_of_an_album_leaves_its_cover_for_the_library(
    workshop: Workshop, cover: str
) -> None:
    tags = {"album": "Pastel Blues"}
    ran = workshop.runner.run(workshop.request("aac", cover=cover, album_tags=tags))
    found = [path.name for path in (ran.folder / "job").glob("cover.*")]
    assert found == ([] if cover == "none" else [f"cover.{cover}"])
    if found:
        content = (ran.folder / "job" / found[0]).read_bytes()
        assert content == workshop.picture(cover)
    alone = workshop.runner.run(workshop.request("aac", cover=cover))
    assert not list((alone.folder / "job").glob("cover.*"))


def test_id3_is_2_3(workshop: Workshop) -> None:
    ran = workshop.runner.run(workshop.request("aac", cover="jpg", format="mp3"))
    assert ran.audio.read_bytes()[:5] == b"ID3\x03\x00"


def test_an_explicit_bitrate_is_met(workshop: Workshop) -> None:
    ran = workshop.runner.run(workshop.request("aac", format="m4a", bitrate="64k"))
    assert not ran.result.copied
    assert 50_000 < ran.result.bitrate_bps < 80_000
    assert ran.job["how"]["encoder_kbps"] == 64


def test_the_source_is_gone_once_the_result_is_there(workshop: Workshop) -> None:
    request = workshop.request("opus", format="opus")
    ran = workshop.runner.run(request)
    assert sorted(p.name for p in ran.folder.iterdir()) == ["job", "result.json"]
    assert sorted(p.name for p in (ran.folder / "job").iterdir()) == [
        "audio",
        "job.json",
    ]
    assert ran.phases == ["converter_slot", "converting", "verifying"]


def cut(body: bytes) -> bytes:
    return body[: len(body) * 3 // 10]


def zeroed(body: bytes) -> bytes:
    return body[: len(body) // 2] + bytes(len(body) - len(body) // 2)


def holed(body: bytes) -> bytes:
    third = len(body) // 3
    return body[:third] + bytes(third) + body[2 * third :]


def html(body: bytes) -> bytes:
    return (b"<!DOCTYPE html><html>" + b"<p>Sorry</p>" * 10_000)[: len(body)]


def empty(_body: bytes) -> bytes:
    return b""


def noise(body: bytes) -> bytes:
    return bytes(i * i * 7 & 255 for i in range(len(body)))


@pytest.mark.parametrize("target", ["mp3", "m4a", "opus"])
@pytest.mark.parametrize("kind", MEDIA)
@pytest.mark.parametrize("spoil", [cut, zeroed, holed, html, empty, noise])
def test_what_is_broken_never_becomes_a_result(
    workshop: Workshop, spoil: Callable[[bytes], bytes], kind: str, target: str
) -> None:
    ran = workshop.runner.run(workshop.request(kind, spoil=spoil, format=target))
    assert ran.failure.kind is FailureKind.BAD_MEDIA
    assert not (ran.folder / "result.json").exists()
    # So that the next attempt fetches anew.
    assert not (ran.folder / "source").exists()
    assert not list(ran.folder.glob("**/*.mp3"))


@pytest.mark.parametrize("announced", [SECONDS - 2.1, SECONDS + 2.5])
def test_another_length_than_announced(workshop: Workshop, announced: float) -> None:
    request = workshop.request("aac", format="m4a", duration_s=announced)
    ran = workshop.runner.run(request)
    expected = "cut_short" if announced > SECONDS else "wrong_length"
    assert (ran.failure.kind, ran.failure.code) == (FailureKind.BAD_MEDIA, expected)


def test_a_hole_between_whole_packets(workshop: Workshop) -> None:
    """A fragment that is missing breaks no packet: only samples tell."""

    def drop(body: bytes) -> bytes:
        whole = workshop.runner.folder() / "whole.mkv"
        whole.write_bytes(body)
        holed = whole.with_name("holed.webm")
        keep = "noise=drop=between(pts*tb\\,1.5\\,2.5)"
        workshop._make(
            "-i", str(whole), "-map", "0:a", "-c", "copy", "-bsf:a", keep, str(holed)
        )
        return holed.read_bytes()

    for target in ("mp3", "opus"):
        ran = workshop.runner.run(workshop.request("opus", spoil=drop, format=target))
        assert ran.failure.code == "holes", target


@pytest.mark.parametrize("ffmpeg", ["/nonexistent/ffmpeg", "/etc/passwd"])
def test_without_ffmpeg_the_source_waits(workshop: Workshop, ffmpeg: str) -> None:
    request = workshop.request("aac", format="mp3", ffmpeg=ffmpeg)
    ran = workshop.runner.run(request)
    assert (ran.failure.kind, ran.failure.code) == (FailureKind.HOST, "ffmpeg_missing")
    assert (ran.folder / "source" / "source.json").exists()


@pytest.mark.parametrize("end", ["kill -KILL $$", "exit 255"])
@pytest.mark.parametrize("victim", ["ipod", "s16le"])
def test_an_ffmpeg_that_is_killed_costs_no_second_fetch(
    workshop: Workshop, tmp_path: Path, victim: str, end: str
) -> None:
    """For memory, or by SIGTERM (it says 255 then), while it converts or proves."""
    script = tmp_path / "ffmpeg"
    script.write_text(
        f"""#!/bin/sh
        case "$*" in
        *" {victim} "*) {end} ;;
        *) exec {workshop.ffmpeg} "$@" ;;
        esac
        """
    )
    script.chmod(0o755)
    earlier = (workshop.runner.folder(),)  # so that all is done by the program
    request = workshop.request("aac", format="m4a", ffmpeg=str(script), earlier=earlier)
    ran = workshop.runner.run(request)
    assert (ran.failure.kind, ran.failure.code) == (
        FailureKind.TRANSIENT,
        "converter_died",
    )
    assert (ran.folder / "source" / "source.json").exists()


def test_media_over_which_a_worker_died_are_left_to_the_program(
    workshop: Workshop, tmp_path: Path
) -> None:
    """Crafted media may crash the libraries in the worker; that costs no second fetch."""
    first = workshop.request("aac", format="m4a")
    assert workshop.runner.run(first, die_at="verifying").outcome is None
    log, script = tmp_path / "log", tmp_path / "ffmpeg"
    script.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {workshop.ffmpeg} "$@"\n')
    script.chmod(0o755)
    runner = workshop.runner
    again = runner.request(
        runner.folder(),
        format="m4a",
        ffmpeg=str(script),
        earlier=(Path(first.attempt_dir),),
    )
    assert runner.run(again).audio.exists()
    copied, proven = log.read_text().splitlines()
    assert " ipod " in copied
    assert " s16le " in proven


@pytest.mark.skipif(not libav.IS_INSTALLED, reason="no PyAV for this machine")
def test_a_first_attempt_starts_no_program_for_a_copy(workshop: Workshop) -> None:
    request = workshop.request("opus", format="opus", ffmpeg="/nonexistent/ffmpeg")
    assert workshop.runner.run(request).result.copied


def test_a_disk_that_fills_up_while_copying_keeps_the_source(
    workshop: Workshop,
) -> None:
    request = workshop.request("aac", format="m4a")
    ran = workshop.runner.run(request, max_file_bytes=20_000)
    assert ran.failure.code in {"too_big", "disk_full"}
    assert (ran.folder / "source" / "source.json").exists()
    assert not list(ran.folder.glob("converted.*"))


def test_a_disk_that_fails_while_a_result_is_adopted_costs_nothing(
    workshop: Workshop,
) -> None:
    runner = workshop.runner
    first = runner.run(workshop.request("aac", format="m4a"))
    assert first.audio.exists()
    request = runner.request(runner.folder(), format="m4a", earlier=(first.folder,))
    # The first sync of a folder is for `result.json`.
    second = runner.run(request, environment={"FAILING_SYNC": "2"})
    assert (second.failure.kind, second.failure.code) == (FailureKind.HOST, "io_error")
    earlier = (second.folder, first.folder)
    third = runner.run(runner.request(runner.folder(), format="m4a", earlier=earlier))
    assert third.audio.exists()


@pytest.mark.parametrize("name", ["result.json", "job/job.json", "source/source.json"])
def test_work_that_cannot_be_read_is_this_jobs_trouble_and_is_not_fetched_over(
    workshop: Workshop, name: str
) -> None:
    runner = workshop.runner
    first = workshop.request("aac", format="m4a")
    if not name.startswith("source"):
        assert runner.run(first).outcome
    folder = Path(first.attempt_dir)
    unreadable = folder / name
    unreadable.unlink()
    unreadable.symlink_to(unreadable)  # ELOOP
    ran = runner.run(runner.request(runner.folder(), format="m4a", earlier=(folder,)))
    assert (ran.failure.kind, ran.failure.code) == (
        FailureKind.TRANSIENT,
        "work_unreadable",
    )
    assert unreadable.is_symlink()


def test_a_full_disk_while_converting_keeps_the_source(workshop: Workshop) -> None:
    request = workshop.request("aac", format="wav")
    ran = workshop.runner.run(request, max_file_bytes=200_000)
    assert ran.failure.code in {"too_big", "disk_full"}
    assert (ran.folder / "source" / "source.json").exists()
    assert not list(ran.folder.glob("converted.*"))


def test_a_wav_beyond_the_limit_is_refused_before_it_is_written(
    workshop: Workshop,
) -> None:
    limits = Limits(max_size_bytes=700_000)
    ran = workshop.runner.run(workshop.request("aac", format="wav", limits=limits))
    assert (ran.failure.kind, ran.failure.code) == (FailureKind.POLICY, "too_big")
    assert "converting" not in ran.phases


def test_hostile_names_and_tags_stay_in_the_folder(workshop: Workshop) -> None:
    request = workshop.request(
        "aac",
        format="m4a",
        filename="../../%(title)s/x",
        tags={"title": "../../etc/passwd\x00", "track": "not a number"},
    )
    ran = workshop.runner.run(request)
    assert ran.audio.parent == ran.folder / "job" / "audio"
    assert ran.audio.is_file()
    assert ran.result.file_name == "-..-..-..-etc-passwd-x.m4a"


@pytest.mark.parametrize("target", ["opus", "mp3"])
@pytest.mark.parametrize(
    ("form", "name"), [("hls", "media.m3u8"), ("concat", "media.webm")]
)
def test_a_playlist_that_names_a_strangers_song_is_not_audio(
    workshop: Workshop, tmp_path: Path, form: str, name: str, target: str
) -> None:
    song = tmp_path / "their.webm"
    song.write_bytes(workshop.media("opus"))
    playlists = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:{SECONDS}\n#EXTINF:{SECONDS},\n"
        f"{song}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile {song}\n",
    }
    body = playlists[form].encode()
    ran = workshop.runner.run(
        workshop.request("opus", spoil=lambda _: body, name=name, format=target)
    )
    assert ran.failure.kind is FailureKind.BAD_MEDIA
    assert "not on whitelist" in ran.failure.log_tail


def starting_with(samples: int) -> Callable[[bytes], bytes]:
    """Cut the first frame of an AAC file, by its edit list, to so many samples."""

    def cut(media: bytes) -> bytes:
        found = bytearray(media)
        # One entry: its duration, then the time at which it begins.
        entry = found.index(b"elst") + 12
        begin = struct.unpack(">i", found[entry + 4 : entry + 8])[0]
        assert begin == AAC_FRAME
        found[entry + 4 : entry + 8] = struct.pack(">i", 2 * AAC_FRAME - samples)
        return bytes(found)

    return cut


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_first_frame_of_ten_samples_is_good_sound(
    workshop: Workshop, wanted: str
) -> None:
    request = workshop.request("aac", spoil=starting_with(10), format=wanted)
    outcome = workshop.runner.run(request)
    assert outcome.result.codec == CODECS[wanted]


@pytest.mark.parametrize("takes_samples", [True, False])
def test_sound_that_an_encoder_refuses_is_decoded_first_and_blamed_rightly(
    workshop: Workshop, tmp_path: Path, *, takes_samples: bool
) -> None:
    """An ffmpeg whose mp3 encoder refuses frames of AAC, and perhaps plain samples."""
    refused = "*source/media*libmp3lame*" if takes_samples else "*libmp3lame*"
    picky = tmp_path / "ffmpeg"
    picky.write_text(
        f'#!/bin/sh\ncase "$*" in {refused}) echo "invalid block size: 10" >&2; exit 234;;'
        f'\nesac\nexec {workshop.ffmpeg} "$@"\n'
    )
    picky.chmod(0o755)
    request = replace(workshop.request("aac", format="mp3"), ffmpeg=str(picky))
    outcome = workshop.runner.run(request)
    folder = Path(request.attempt_dir)
    assert not list(folder.glob("converted.*"))
    if takes_samples:
        assert outcome.result.codec == "mp3"
        return
    assert (outcome.failure.kind, outcome.failure.code) == (
        FailureKind.POLICY,
        "encoder_refused",
    )
    assert (folder / "source" / "source.json").exists(), "it is not fetched again"
