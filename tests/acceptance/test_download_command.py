"""`ytaudio download`: real downloads from the stand-in, without any daemon."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import mutagen
import pytest

from tests.acceptance.rig import ids, links, wait_until
from tests.acceptance.shop import Shop, pairs
from tests.proxies import Proxy
from tests.youtube import Fault, Video, YouTube
from ytaudio_daemon import AudioDownloader, create_session, get_session
from ytaudio_daemon.cli import main

#: Some two seconds for a short clip's media.
TRICKLE = Fault.throttles(12_000, times=1)
M4A = ("--format", "m4a")


def link(video_id: str) -> str:
    return f"https://youtu.be/{video_id}"


@pytest.fixture
def shop(site: YouTube, tmp_path: Path) -> Iterator[Shop]:
    """A folder of the test's own; whatever it did, no process is left."""
    shop = Shop(tmp_path / "shop", site)
    yield shop
    left = shop.workers()
    shop.close()
    assert left == []


def test_a_link_becomes_a_tagged_mp3_in_downloads(shop: Shop) -> None:
    done = shop.run("--url", "https://youtube.com/watch?v=ONE0000000A")
    assert done.returncode == 0, done.stderr
    assert shop.files() == ["Clip ONE0000000A.mp3"]
    audio = mutagen.File(shop.root / "downloads" / "Clip ONE0000000A.mp3", easy=True)
    assert audio["title"] == ["Clip ONE0000000A"]
    assert round(audio.info.bitrate, -3) == 192_000
    first, last = done.stdout.decode().splitlines()
    assert first.startswith("completed /")
    assert last == f"1 completed, in {shop.root / 'downloads'}"
    assert b"\x1b" not in done.stdout + done.stderr
    assert sorted(p.name for p in shop.root.iterdir()) == ["cache", "downloads"]


def test_a_list_gets_a_verdict_for_every_line(shop: Shop, site: YouTube) -> None:
    site.add(
        Video(id="SAME000000A", title="Same", duration_s=1, formats={"aac"}),
        Video(id="SAME000000B", title="Same", duration_s=1, formats={"aac"}, tone=600),
        Video(id="PRIVATE000A", status="private"),
    )
    (shop.root / "urls.txt").write_text(
        "# my list\n"
        "https://youtu.be/SAME000000A\n"
        "https://youtu.be/SAME000000B\n"
        "youtube.com/watch?v=SAME000000A&list=PLx\n"
        "nonsense\n"
        "https://youtu.be/PRIVATE000A\n"
        "https://youtu.be/SAME000000A fromat=flac\n"
        'https://youtu.be/SAME000000A filename="Mine" tag.artist="Nina"\n'
    )
    status, said = shop.json("--urls-file", "urls.txt", *M4A)
    assert status == 1
    assert pairs(said) == [
        ("completed", None),
        ("completed", None),
        ("duplicate", None),
        ("rejected", "not_a_url"),
        ("failed", "private_video"),
        ("rejected", "unknown_option"),
        ("completed", None),
    ]
    assert [item["line"] for item in said["downloads"]] == [2, 3, 4, 5, 6, 7, 8]
    first, second, third = (said["downloads"][n] for n in (0, 1, 2))
    assert third["output_path"] == first["output_path"]
    taken = {Path(item["output_path"]).name for item in (first, second)}
    assert taken in (
        {"Same.m4a", "Same [SAME000000A].m4a"},
        {"Same.m4a", "Same [SAME000000B].m4a"},
    )
    assert set(shop.files()) == taken | {"Mine.m4a"}
    assert said["counts"]["completed"] == 3
    assert len(site.requests("SAME000000A", "media")) <= 2  # one a set of options


def test_nothing_is_replaced_and_the_same_audio_is_not_kept_twice(
    shop: Shop, site: YouTube
) -> None:
    site.add(Video(id="TAKEN00000A", title="Taken", duration_s=1, formats={"aac"}))
    out = shop.root / "music"
    out.mkdir()
    (out / "Taken.m4a").write_text("mine")
    for _ in range(2):
        done = shop.run("download", "youtu.be/TAKEN00000A", "--output", "music", *M4A)
        assert done.returncode == 0, done.stderr
    assert (out / "Taken.m4a").read_text() == "mine"
    assert shop.files("music") == ["Taken [TAKEN00000A].m4a", "Taken.m4a"]


def test_passing_failures_are_tried_again_and_permanent_ones_are_not(
    shop: Shop, site: YouTube
) -> None:
    flaky, broken, gone = ids("RETRY", 3)
    site.fault(flaky, Fault.garbles(times=1))
    site.fault(broken, Fault.garbles())
    site.add(Video(id=gone, status="removed"))
    status, said = shop.json(*map(link, (flaky, broken, gone)), *M4A)
    assert status == 1
    assert [item["result"] for item in said["downloads"]] == [
        "completed",
        "failed",
        "failed",
    ]
    assert [item["attempts"] for item in said["downloads"]] == [2, 3, 1]
    assert shop.files() == [f"Clip {flaky}.m4a"]


def test_a_block_spares_the_rest_of_the_list(shop: Shop, site: YouTube) -> None:
    site.blocked = "bot"
    names = ids("BLOCK", 12)
    listing = links(names).encode()
    done = shop.run("--urls-file", "-", "-j", "1", "--json", *M4A, stdin=listing)
    results = [item["result"] for item in json.loads(done.stdout)["downloads"]]
    assert done.returncode == 1
    assert set(results) == {"failed", "skipped"}
    assert results.count("skipped") >= 6


def test_it_goes_on_by_the_next_egress(site: YouTube, tmp_path: Path) -> None:
    """The first is dead, the second blocked."""
    with Proxy(youtube=site, name="blocked", scheme="http") as blocked:
        site.block_egress("blocked", "bot")
        ways = f"socks5://127.0.0.1:1 {blocked.address} ''"
        shop = Shop(tmp_path / "shop", site, youtube_egress=ways)
        done = shop.run(link("EGRESS00000"), "--json", *M4A)
        site.block_egress("blocked", None)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["downloads"]
    assert [item["attempts"] for item in told] == [3]


def test_a_session_s_download_goes_on_by_the_next_egress(
    site: YouTube, tmp_path: Path
) -> None:
    with Proxy(youtube=site, name="blocked", scheme="http") as blocked:
        site.block_egress("blocked", "bot")
        ways = f"{blocked.address} ''"
        shop = Shop(tmp_path / "shop", site, youtube_egress=ways)
        session = create_session(settings=shop.settings)
        url = link("EGRESSPYTH0")
        with AudioDownloader(tmp_path / "out", settings=shop.settings) as downloader:
            context = get_session(session, settings=shop.settings)
            job = context.get_url_uuid(url, format="m4a")
            result = downloader.download_audio_with_session(url, session, job)
        site.block_egress("blocked", None)
    assert result.success, result
    assert blocked.count


@pytest.mark.parametrize(
    "words",
    [
        "download",
        "--output x",
        "--url youtu.be/AAAAAAAAAAA --format mp4",
        "--url youtu.be/AAAAAAAAAAA --filename %(nonsense)s",
        "--url youtu.be/AAAAAAAAAAA --output file",
        "--urls-file missing.txt",
        "-j 0 youtu.be/AAAAAAAAAAA",
    ],
)
def test_wrong_use_is_refused_with_status_2(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    try:
        status = main(words.split())
    except SystemExit as error:  # argparse's own
        status = int(error.code or 0)
    said = capsys.readouterr()
    assert status == 2
    assert said.err
    assert "Traceback" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_there_is_can_be_shown(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--formats"]) == 0
    assert "opus" in capsys.readouterr().out
    assert main(["--session-info"]) == 0
    assert "no sessions" in capsys.readouterr().out
    session = create_session()
    assert main(["--session-info"]) == 0
    assert session in capsys.readouterr().out


def test_a_config_is_honoured(shop: Shop, site: YouTube) -> None:
    config = shop.root / "config" / "ytaudio.toml"
    config.parent.mkdir()
    config.write_text('[download]\nformat = "m4a"\nfilename = "%(id)s"\n')
    assert shop.run("download", "youtu.be/CONFIG0000A").returncode == 0
    assert shop.files() == ["CONFIG0000A.m4a"]
    assert site.requests("CONFIG0000A", "media")


def test_a_terminal_gets_bars_with_bytes_speed_and_time_left_and_a_table(
    shop: Shop, site: YouTube
) -> None:
    slow, other = ids("BARS", 2)
    site.add(Video(id=slow, title="Slow", duration_s=10, formats={"aac"}))
    site.fault(slow, Fault.throttles(80_000, times=1))
    status, shown = shop.on_terminal("download", link(slow), link(other), *M4A)
    assert status == 0
    assert "KiB/s" in shown
    assert " left" in shown
    assert " of " in shown
    assert "FILE OR REASON" in shown
    assert "2 completed" in shown


def test_verbose_tells_what_is_being_done(shop: Shop, site: YouTube) -> None:
    gone, good = ids("VERBOSE", 2)
    site.add(Video(id=gone, status="private"))
    done = shop.run("--verbose", "--url", link(gone), "--url", link(good))
    assert f"{good}: verifying" in done.stderr.decode()
    assert b"Private video" in done.stderr
    assert done.returncode == 1


def test_ctrl_c_once_finishes_what_runs_and_begins_nothing(
    shop: Shop, site: YouTube
) -> None:
    names = ids("GENTLE", 8)
    site.fault(names[0], TRICKLE)
    process = shop.start("-j", "1", *map(link, names), "--format", "m4a")
    site.wait_for(names[0], "media")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Ctrl-C again" in err
    assert f"Clip {names[0]}.m4a".encode() in out
    assert b"skipped" in out
    assert all(name.endswith(".m4a") for name in shop.files())
    assert site.requests(names[-1]) == []


def test_a_list_given_again_after_an_interruption_fetches_only_what_is_missing(
    shop: Shop, site: YouTube
) -> None:
    names = ids("AGAIN", 3)
    site.fault(names[1], Fault.throttles(1_000, times=1))
    process = shop.start("-j", "1", *map(link, names), *M4A)
    site.wait_for(names[1], "media")
    wait_until(lambda: f"Clip {names[0]}.m4a" in shop.files())
    # The second one ends what is being fetched; two of one kind may count as one.
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert f"Clip {names[1]}.m4a" not in shop.files()

    code, said = shop.json(*map(link, names), *M4A)

    assert code == 0
    assert said["counts"]["completed"] == 3
    assert len(shop.files()) == 3
    assert len(site.requests(names[0], "media")) == 1
    (shop.root / "downloads" / f"Clip {names[0]}.m4a").unlink()
    (shop.root / "downloads" / f"Clip {names[1]}.m4a").write_text("mine")
    done = shop.run(*map(link, names), *M4A)
    assert done.returncode == 0
    assert done.stdout.count(b"of an earlier run") == 1
    assert len(site.requests(names[0], "media")) == 2, "what is gone is fetched"
    assert f"Clip {names[1]} [{names[1]}].m4a" in shop.files(), (
        "so is what is another's"
    )
    assert len(site.requests(names[2], "media")) == 1


@pytest.mark.parametrize("signals", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_ctrl_c_twice_or_sigterm_stops_at_once_and_leaves_nothing(
    shop: Shop, site: YouTube, signals: tuple[signal.Signals, ...]
) -> None:
    site.reset()
    site.default = Video(duration_s=60, formats={"aac"})
    site.fault(None, Fault.throttles(2_000))
    process = shop.start("--url", link("ATONCE0000A"), *M4A)
    site.wait_for("ATONCE0000A", "media")
    process.send_signal(signals[0])
    if len(signals) > 1:
        assert process.stderr is not None
        assert b"Ctrl-C again" in process.stderr.readline()
        process.send_signal(signals[1])
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in out
    assert shop.files() == []


def test_a_killed_run_leaves_no_process_and_the_next_one_sweeps(
    shop: Shop, site: YouTube
) -> None:
    site.reset()
    site.default = Video(duration_s=60, formats={"aac"})
    site.fault("KILLED0000A", Fault.throttles(2_000))
    process = shop.start("--url", link("KILLED0000A"), *M4A)
    site.wait_for("KILLED0000A", "media")
    process.kill()
    process.communicate()
    wait_until(lambda: not shop.workers())
    assert [name[:14] for name in shop.files()] == [".ytaudio-work-"]
    assert shop.run("--url", link("KILLED0000B"), *M4A).returncode == 0
    assert shop.files() == ["Clip KILLED0000B.m4a"]
