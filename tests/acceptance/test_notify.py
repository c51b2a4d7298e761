"""Notifications of the real daemon: receivers that hang, crashes, secrets, SIGHUP."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rig import House, ids, links, running
from tests.acceptance.strangers import nobodys_house
from tests.integration.receiver import Receiver, serving
from tests.others import NOBODY
from tests.youtube import YouTube
from ytaudio_daemon.system import install_hints


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as server:
        yield server


def test_downloads_go_on_while_receivers_hang_and_a_crash_loses_no_notice(
    site: YouTube, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.hangs = True
    pids, out = tmp_path / "pids", tmp_path / "notices"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $$ >>{pids}\nsleep 300\n")
    hook.chmod(0o755)
    house = House(
        tmp_path / "home",
        site,
        notify_webhook=receiver.address,
        notify_command=str(hook),
    )
    with running(house):
        house.drop("music", links(ids("ntf", 6)))
        house.wait_done("music", 6)
        house.wait(lambda: receiver.requests and pids.exists() and pids.read_text())
        assert house.daemon["daemon"]["state"] == "running"
        assert receiver.got == []
        house.kill()
        receiver.let_go()
        hook.write_text(f"#!/bin/sh\ncat >>{out}\n")
        house.start()
        house.wait(lambda: len(receiver.got) == 6)
        house.wait(lambda: out.exists() and len(out.read_text().splitlines()) == 6)
    told = {notice["job"]["video_id"]: notice["job"] for notice in receiver.got}
    assert sorted(told) == ids("ntf", 6)
    assert all(Path(job["output_path"]).is_file() for job in told.values())
    killed = [int(pid) for pid in pids.read_text().split()]
    assert [pid for pid in killed if Path(f"/proc/{pid}").exists()] == []


def test_a_failing_receiver_is_named_without_secrets_and_recovers(
    site: YouTube, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 1000
    house = House(tmp_path / "home", site, log_directory="logs")
    house.configure("")
    with running(house, YTAUDIO_CONFIG="config/ytaudio.toml"):
        house.configure(f'[notify]\nwebhook = "{receiver.address}"\n')
        house.running.send_signal(signal.SIGHUP)
        house.wait(lambda: house.query("SELECT 1 FROM meta WHERE key = 'told:webhook'"))
        house.drop("music", links(ids("ntg", 1)))
        problem = house.wait(lambda: house.problem("notify_failing"))
        where = f"webhook (http://127.0.0.1:{receiver.port})"
        assert (
            problem["message"]
            == f"[notify] {where}: answered 500 Internal Server Error."
        )
        assert house.daemon["daemon"]["state"] == "running"
        shown = (
            house.must("config") + house.must("status") + house.must("config", "--json")
        )
        receiver.statuses = []
        house.wait(lambda: receiver.events == ["completed"])
        house.wait(lambda: house.problem("notify_failing") is None)
        assert house.stop() == 0
    written = [path.read_bytes() for path in written_by(house)]
    assert len(written) > 3
    assert not [text for text in [*written, shown.encode()] if b"hush" in text]


def written_by(house: House) -> list[Path]:
    """Return all that the daemon wrote."""
    folders = [house.root / name for name in ("status", "logs", "state")]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [house.log, *found]


def test_each_receiver_is_tried(
    site: YouTube, tmp_path: Path, receiver: Receiver
) -> None:
    out = tmp_path / "out"
    house = House(
        tmp_path / "home",
        site,
        notify_webhook=receiver.address,
        notify_urls=receiver.apprise,
        notify_command=f"/bin/sh -c 'cat >{out}; echo so hush >&2; exit 3'",
    )
    done = house.cli("notify", "test")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "ok       urls 1 (json://***): delivered",
        f"ok       webhook (http://127.0.0.1:{receiver.port}): answered 200 OK",
        "failed   command (/bin/sh): ended with status 3: so hush",
    ]
    assert sorted(body.get("event", "message") for body in receiver.got) == [
        "message",
        "test",
    ]
    assert '"event": "test"' in out.read_text()


def test_root_tries_a_command_as_the_daemon_s_user(site: YouTube) -> None:
    script = "grep ^.id: /proc/self/status | tr -s '[:space:]' ' '; exit 3"
    with nobodys_house(site, notify_command=f'/bin/sh -c "{script}"') as house:
        state = house.root / "state"
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        house.user = None
        done = house.cli("notify", "test")
    everywhere = " ".join([str(NOBODY)] * 4)
    assert f"Uid: {everywhere} Gid: {everywhere}" in done.stdout


def test_people_without_apprise_are_a_mistake_that_is_told(
    site: YouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys; sys.modules['apprise'] = None"
    )
    house = House(tmp_path / "home", site, notify_urls="json://127.0.0.1/hush")
    monkeypatch.setenv("PYTHONPATH", str(hidden))  # what a user's machine may lack
    house.launch()
    assert house.ended() == 2
    drop = tmp_path / "songs.txt"
    drop.write_text(links(ids("nth", 1)))
    for words in (("check", str(drop)), ("notify", "test")):
        done = house.cli(*words)
        assert done.returncode == 2
        assert "needs Apprise, which is not installed" in done.stderr
    doctor = house.cli("doctor")
    assert doctor.returncode == 6
    assert "broken   notify: [notify] urls needs Apprise" in doctor.stdout
    said = house.log.read_text()
    assert install_hints.install_extra_command("notify") in said
    assert "hush" not in said + doctor.stdout
