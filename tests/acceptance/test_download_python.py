"""The Python API against the stand-in: as in the docs, from many threads, cut short."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import mutagen
import psutil
import pytest

from tests.acceptance.rig import ids, wait_until
from tests.acceptance.shop import Shop
from tests.youtube import Fault, Playlist, Video, YouTube
from tests.youtube.handle import CHECKOUT
from ytaudio_daemon import AudioDownloader

DOCS = CHECKOUT / "docs" / "python.md"
PLAYLIST = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.fixture
def shop(
    site: YouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A folder of the test's own; whatever it did, no process is left."""
    shop = Shop(tmp_path / "shop", site)
    monkeypatch.setenv("XDG_CACHE_HOME", str(shop.cache))
    yield shop
    left = shop.workers()
    shop.close()
    assert left == []
    assert not [t for t in threading.enumerate() if t.name == "ytaudio-pool"]


def link(video_id: str) -> str:
    return f"https://youtu.be/{video_id}"


def downloader(shop: Shop, **more: Any) -> AudioDownloader:
    out = shop.root / "out"
    return AudioDownloader(out, format="m4a", settings=shop.settings, **more)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "Downloaded: "),
        (1, "Progress: "),
        (2, "2. "),
        (3, ""),
        (4, "Success: Clip kJQP7kiw5Fk"),
    ],
)
def test_every_example_of_the_docs_runs(
    shop: Shop, site: YouTube, number: int, said: str
) -> None:
    if number == 1:  # something that takes long enough to be told of
        site.add(Video(id="dQw4w9WgXcQ", duration_s=10, formats={"aac"}))
        site.fault("dQw4w9WgXcQ", Fault.throttles(120_000, times=1))
    if number == 2:
        site.add_lists(Playlist(id=PLAYLIST, videos=tuple(ids("PYX", 2))))
    done = shop.python("-c", EXAMPLES[number] + "\nassert result.success, result")
    site.lift("dQw4w9WgXcQ")
    assert done.returncode == 0, done.stderr
    assert said in done.stdout.decode()
    assert done.stderr == b""


def test_there_are_no_more_examples_than_are_tried() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize(
    ("example", "folder", "count"),
    [("audio_demo.py", "downloads", 1), ("batch_download.py", "batch_downloads", 3)],
)
def test_the_example_programs_run(
    shop: Shop, example: str, folder: str, count: int
) -> None:
    done = shop.python(str(CHECKOUT / "examples" / example))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(shop.files(folder)) == count
    assert all(name.endswith(".mp3") for name in shop.files(folder))


def test_a_result_says_all_about_the_file(shop: Shop, site: YouTube) -> None:
    site.add(Video(id="ALLABOUT00A", title="Sinnerman", channel="Nina", duration_s=2))
    heard: list[dict[str, Any]] = []
    with downloader(shop, progress_callback=heard.append) as d:
        result = d.download_audio(link("ALLABOUT00A"))
        again = d.download_audio("www.youtube.com/watch?v=ALLABOUT00A&t=4")
        assert again == result
        Path(result.output_path or "").unlink()
        assert d.download_audio(link("ALLABOUT00A")).success
    assert result.success
    assert result.error_message is None
    assert (result.title, result.view_count) == ("Sinnerman", 1234)
    assert result.duration_seconds == pytest.approx(2, abs=0.2)
    path = Path(result.output_path or "")
    assert path == shop.root / "out" / "Sinnerman.m4a"
    assert result.file_size_bytes == path.stat().st_size
    assert mutagen.File(path, easy=True)["artist"] == ["Nina"]
    assert {said["status"] for said in heard} == {
        "downloading",
        "converting",
        "finished",
    }
    assert site.fetches("ALLABOUT00A") == 2
    assert shop.files("out") == ["Sinnerman.m4a"]


def test_a_failed_download_is_a_result_with_its_reason(
    shop: Shop, site: YouTube
) -> None:
    site.add(Video(id="PRIVATE000B", status="private"))
    with downloader(shop) as d:
        result = d.download_audio(link("PRIVATE000B"))
    assert (result.success, result.output_path) == (False, None)
    assert result.error_message == "This video is private."
    assert shop.files("out") == []


def test_sixteen_threads_share_one_downloader(shop: Shop, site: YouTube) -> None:
    names = ids("THREADS", 8)
    with downloader(shop, max_workers=4) as d, ThreadPoolExecutor(16) as threads:
        results = list(threads.map(d.download_audio, map(link, names * 4)))
    assert all(result.success for result in results), results
    assert {result.output_path for result in results} == {
        str(shop.root / "out" / f"Clip {name}.m4a") for name in names
    }
    assert [site.fetches(name) for name in names] == [1] * 8
    assert shop.files("out") == [f"Clip {name}.m4a" for name in names]


def test_titles_that_clash_in_many_threads_replace_nothing(
    shop: Shop, site: YouTube
) -> None:
    names = ids("CLASH", 6)
    same = Video(title="One", duration_s=1, formats={"aac"})
    for number, name in enumerate(names):
        site.add(replace(same, id=name, tone=300 + 100 * number))
    with downloader(shop, max_workers=6) as d, ThreadPoolExecutor(6) as threads:
        results = list(threads.map(d.download_audio, map(link, names)))
    assert len({result.output_path for result in results}) == 6
    assert len(shop.files("out")) == 6
    assert "One.m4a" in shop.files("out")


def test_what_a_callback_raises_ends_the_download_and_is_seen(
    shop: Shop, site: YouTube
) -> None:
    site.add(Video(id="RAISES0000A", duration_s=60, formats={"aac"}))
    site.fault("RAISES0000A", Fault.throttles(100_000))

    def refuse(news: dict[str, Any]) -> None:
        if news["downloaded_bytes"]:
            raise LookupError(news["url"])

    with downloader(shop, progress_callback=refuse) as d:
        with pytest.raises(LookupError, match="RAISES0000A"):
            d.download_audio(link("RAISES0000A"))
        assert shop.files("out") == []
        assert len(shop.workers()) == 1  # the template


def test_closing_ends_what_runs_in_other_threads(shop: Shop, site: YouTube) -> None:
    site.add(Video(id="CLOSING000A", duration_s=60, formats={"aac"}))
    site.fault("CLOSING000A", Fault.throttles(2_000))
    d = downloader(shop)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(d.download_audio, link("CLOSING000A"))
        site.wait_for("CLOSING000A", "media")
        d.close()
        result = running.result(60)
    assert not result.success
    assert shop.files("out") == []


def test_a_downloader_that_is_forgotten_leaves_nothing(shop: Shop) -> None:
    d = downloader(shop)
    assert d.download_audio(link("FORGOTTEN0A")).success
    assert shop.workers()
    del d
    wait_until(lambda: not shop.workers())


def test_a_program_that_ends_without_closing_leaves_nothing(
    shop: Shop, site: YouTube
) -> None:
    site.add(Video(id="ENDING0000A", duration_s=60, formats={"aac"}))
    site.fault("ENDING0000A", Fault.throttles(2_000))
    program = (
        "import threading, ytaudio_daemon as y\n"
        "d = y.AudioDownloader('out', format='m4a')\n"
        "run = lambda: d.download_audio('https://youtu.be/ENDING0000A')\n"
        "threading.Thread(target=run, daemon=True).start()\n"
        "input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=shop.root,
        env=shop.environment,
        stdin=subprocess.PIPE,
    )
    site.wait_for("ENDING0000A", "media")
    process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
    wait_until(lambda: not shop.workers())


def test_a_forked_child_does_not_end_its_parent_s_workers(shop: Shop) -> None:
    with downloader(shop) as d:
        assert d.download_audio(link("FORKED0000A")).success
        template = shop.workers()
        program = os.fork()
        if program == 0:
            d.close()
            os._exit(0)
        assert os.waitpid(program, 0)[1] == 0
        assert d.download_audio(link("FORKED0000B")).success
        assert shop.workers() == template


def test_no_file_descriptor_or_thread_is_left(shop: Shop) -> None:
    me = psutil.Process()
    open_files: list[int] = []
    for name in ids("LEAKS", 2):
        with downloader(shop) as d:
            assert d.download_audio(link(name)).success
        open_files.append(me.num_fds())
    assert open_files[0] == open_files[1]
