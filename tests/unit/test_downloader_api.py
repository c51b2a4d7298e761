"""The Python API's words: what is refused, what callers are told, what is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ytaudio_daemon
from ytaudio_daemon import AudioDownloader, DownloadResult, UsageError
from ytaudio_daemon.downloader.options_input import checked_options
from ytaudio_daemon.downloader.result import final_event, progress_event, result_of
from ytaudio_daemon.downloader.work_dirs import user_cache_dir
from ytaudio_daemon.jobs.foreign_claims import claim_owner, owner_is_dead
from ytaudio_daemon.model import Failure, FailureKind, Outcome, Progress
from ytaudio_daemon.settings import load

SETTINGS = load(None, {})


def test_importing_the_package_imports_nothing_heavy() -> None:
    look = (
        "import sys, ytaudio_daemon as y; y.__version__;"
        "heavy = {'sqlalchemy', 'yt_dlp', 'rich', 'structlog', 'dataclasses'};"
        "print(heavy & set(sys.modules))"
    )
    said = subprocess.run(
        [sys.executable, "-c", look],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(ytaudio_daemon.__file__).parents[1],
    )
    assert said.stdout.strip() == "set()"


def test_every_public_name_can_be_had() -> None:
    for name in ytaudio_daemon.__all__:
        assert getattr(ytaudio_daemon, name) is not None
    assert set(ytaudio_daemon.__all__) <= set(dir(ytaudio_daemon))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ytaudio_daemon.nonsense
    assert (Path(ytaudio_daemon.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"format": "mp4"}, "mp3 m4a"),
        ({"quality": "good"}, "bestaudio"),
        ({"bitrate": "9000k"}, "512k"),
        ({"format": "flac", "bitrate": "192k"}, "lossless"),
        ({"filename": "%(uploader)s"}, "title"),
        ({"proxy": "nonsense"}, "proxy"),
        ({"ca_file": "/no/such/file"}, "/no/such/file"),
        ({"max_workers": 0}, "^max_workers cannot be 0; allowed: a whole number"),
    ],
)
def test_wrong_use_is_refused_by_name(
    wrong: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        AudioDownloader(tmp_path / "out", settings=SETTINGS, **wrong)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("wrong", [None, 3, b"out"])
def test_an_output_folder_that_is_no_path_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(
        UsageError, match=r"^output_dir cannot be .*the path of a folder"
    ):
        AudioDownloader(wrong, settings=SETTINGS)  # type: ignore[arg-type] # wrong on purpose


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="output folder"):
        AudioDownloader(tmp_path / "out", settings=SETTINGS)


def test_a_downloader_that_did_nothing_leaves_nothing(tmp_path: Path) -> None:
    with AudioDownloader(tmp_path / "out", settings=SETTINGS) as downloader:
        assert downloader.download_audio("nonsense").success is False
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(UsageError, match="closed"):
        downloader.download_audio("https://youtu.be/AAAAAAAAAAA")


@pytest.mark.parametrize("bad", ["", "nonsense", "https://vimeo.com/1", None, 7, b"x"])
def test_a_bad_link_is_a_failed_result_and_told(bad: str, tmp_path: Path) -> None:
    heard: list[dict[str, object]] = []
    downloader = AudioDownloader(
        tmp_path, settings=SETTINGS, progress_callback=heard.append
    )
    result = downloader.download_audio(bad)
    assert (result.success, result.output_path) == (False, None)
    assert result.error_message
    assert [said["status"] for said in heard] == ["error"]


def test_yt_dlp_s_ending_in_a_file_name_is_understood() -> None:
    given = {"filename": "%(artist)s - %(title)s.%(ext)s"}
    assert checked_options(given, SETTINGS).filename == "%(artist)s - %(title)s"


def test_news_has_the_same_keys_always_and_numbers_where_people_format_them() -> None:
    first = progress_event("u", Progress(phase="resolving"))
    running = progress_event(
        "u", Progress(phase="downloading", percent=5.0, speed_bps=1.5)
    )
    failed = final_event("u", DownloadResult(success=False, error_message="gone"))
    done = final_event("u", DownloadResult(success=True, file_size_bytes=7))
    assert set(first) == set(running) == set(failed) == set(done)
    for said in (first, running, failed, done):
        assert said["progress_percent"] + said["downloaded_bytes"] >= 0
    assert [s["status"] for s in (first, running, failed, done)] == [
        "downloading",
        "downloading",
        "error",
        "finished",
    ]
    assert progress_event("u", Progress(phase="verifying"))["status"] == "converting"


def test_what_is_known_of_a_failed_download_is_told() -> None:
    failure = Failure(kind=FailureKind.UNAVAILABLE, code="x", message="It is gone.")
    result = result_of(Outcome(failure=failure, title="T", view_count=3), None)
    assert (result.title, result.view_count) == ("T", 3)
    assert result.error_message == "It is gone."


def test_a_cache_folder_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "ytaudio").symlink_to(tmp_path)
    found = user_cache_dir({"XDG_CACHE_HOME": str(tmp_path)})
    assert tmp_path not in found.parents
    mine = user_cache_dir({"XDG_CACHE_HOME": str(tmp_path / "new")})
    assert mine == tmp_path / "new" / "ytaudio"
    assert mine.stat().st_mode & 0o777 == 0o700


def test_a_process_that_is_gone_is_told_from_one_that_lives() -> None:
    mine = claim_owner("box")
    assert not owner_is_dead(mine, "box")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    namespace = mine.partition("/")[2].partition(".")[0]
    assert owner_is_dead(f"box/{namespace}.{child.pid}.12345", "box")
    assert owner_is_dead(
        f"box/{namespace}.{os.getpid()}.1", "box"
    )  # its pid was taken over


@pytest.mark.parametrize("holder", ["box", "other/1.2.3", "box/1.2.3", "box/x", ""])
def test_who_cannot_be_judged_counts_as_alive(holder: str) -> None:
    assert not owner_is_dead(holder, "box")
