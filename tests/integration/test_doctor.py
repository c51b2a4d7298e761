"""The doctor on a real place: what it finds, what that means, what to type."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import ytaudio_daemon
from tests.integration.cli_rig import Rig
from tests.odd_file_systems import short_names_program
from tests.others import NOBODY, let_others_in, mounted, needs_root
from ytaudio_daemon.cli.commands import doctor
from ytaudio_daemon.daemon.self_check import RENAME_CHECK_INTERVAL_S, SelfCheck
from ytaudio_daemon.doctor import folder_checks, machine_checks, program_checks
from ytaudio_daemon.folders.prepare import prepare
from ytaudio_daemon.settings import Settings, load
from ytaudio_daemon.system import install_hints
from ytaudio_daemon.ytdlp_versions.version_store import ActiveVersion

SCHEMA = Path(ytaudio_daemon.__path__[0]) / "schemas" / "ytaudio.doctor-1.json"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    prepare(made.layout)
    made.ledger().close()
    yield made
    made.close()


@pytest.fixture
def settings(rig: Rig) -> Settings:
    return load(None, {}, {"paths.root": str(rig.root)})


def findings(rig: Rig) -> dict[str, dict[str, str]]:
    found = rig.call("doctor", "--json").json["findings"]
    return {finding["name"]: finding for finding in found}


def test_its_json_is_as_the_schema_says(rig: Rig) -> None:
    ran = rig.call("doctor", "--json")
    jsonschema.validate(ran.json, json.loads(SCHEMA.read_text()))
    broken = [f for f in ran.json["findings"] if f["health"] == "broken"]
    assert ran.code == (6 if broken else 0)
    assert all(f["remedy"] for f in broken)


def test_warnings_alone_are_no_degradation(rig: Rig) -> None:
    ran = rig.call("doctor")
    assert "warning  daemon: it is not running; drops wait until it does" in ran.out
    assert "0 broken" in ran.out
    assert ran.code == 0


def test_what_is_broken_is_told_with_its_meaning_and_remedy(rig: Rig) -> None:
    rig.layout.downloads.rename(rig.root / "away")
    rig.layout.downloads.write_text("a file")
    ran = rig.call("doctor")
    assert ran.code == 6
    found = findings(rig)["folder_downloads"]
    assert found["health"] == "broken"
    assert "nothing can be downloaded" in found["message"]
    subprocess.run(shlex.split(found["remedy"].removeprefix("sudo ")), check=True)
    assert findings(rig)["folder_downloads"]["health"] == "warning"


@needs_root
def test_somebody_else_is_told_to_ask_with_the_daemons_rights(rig: Rig) -> None:
    let_others_in(rig.root)
    ran = rig.call_as(NOBODY, "doctor", "--json")
    found = {f["name"]: f for f in ran.json["findings"]}
    assert "folder_state" not in found
    assert found["rights"]["remedy"].startswith("sudo ytaudio")


def test_the_daemon_is_started_the_way_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(install_hints, "_SYSTEM_UNITS", ())
    config = Path("/home/ann/yt/config/ytaudio.toml")
    assert (
        install_hints.start_daemon_command(config) == f"ytaudio --config {config} run"
    )
    assert install_hints.start_daemon_command() == "ytaudio run"
    assert (
        install_hints.start_daemon_command(root="/my root")
        == "ytaudio --root '/my root' run"
    )


def test_a_root_that_is_not_there_is_mounted_first(tmp_path: Path) -> None:
    found = doctor._owned_by_root_result(tmp_path / "not-mounted")
    assert "mount that first" in found.message
    assert found.remedy == "sudo systemd-tmpfiles --create", "there is nothing to chown"


@pytest.fixture
def as_nobody(rig: Rig) -> Iterator[None]:
    """Look with the rights of a user who owns nothing here."""
    let_others_in(rig.root)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    groups = os.getgroups()
    yield
    os.seteuid(0)
    os.setegid(0)
    assert os.getgroups() == groups


@needs_root
@pytest.mark.usefixtures("as_nobody")
def test_a_closed_folder_is_opened_by_the_line_it_names(rig: Rig) -> None:
    found = {f.name: f for f in folder_checks.check_tree_folders(rig.layout)}
    inbox, downloads = found["folder_inbox"], found["folder_downloads"]
    assert downloads.health == "broken"
    assert "nobody" in downloads.message
    assert inbox.health == "warning", "it can be read: drops are taken"
    kept = {
        f.name: f
        for f in folder_checks.check_tree_folders(rig.layout, keeps_drops=True)
    }
    assert kept["folder_inbox"].health == "ok"
    words = shlex.split(downloads.remedy.removeprefix("sudo "))
    os.seteuid(0)
    subprocess.run(words, check=True)
    os.seteuid(NOBODY)
    found = {f.name: f for f in folder_checks.check_tree_folders(rig.layout)}
    assert found["folder_downloads"].health == "ok"


@needs_root
@pytest.mark.usefixtures("as_nobody")
def test_folders_out_of_sight_are_broken_and_no_error(rig: Rig) -> None:
    """As those of a dead mount are: Path.exists() and is_dir() raise then."""
    os.seteuid(0)
    rig.root.chmod(0)
    os.seteuid(NOBODY)
    found = [finding.health for finding in folder_checks.check_tree_folders(rig.layout)]
    assert found == ["broken"] * 5
    assert list(folder_checks.check_file_systems(rig.layout)) == []


@pytest.mark.parametrize(
    ("owner", "group", "mode"),
    [(NOBODY, 0, 0o500), (0, NOBODY, 0o700), (0, 0, 0o700)],
    ids=["ours", "of our group", "of others"],
)
@needs_root
def test_a_closed_session_folder_is_opened_by_the_line_it_names(
    rig: Rig, owner: int, group: int, mode: int
) -> None:
    let_others_in(rig.root)
    folder = rig.layout.inbox / "anna's"
    folder.mkdir()
    os.chown(folder, owner, group)
    folder.chmod(mode)

    def told() -> list[str]:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
        try:
            found = folder_checks.check_folders(rig.layout, 0)
            return [f.remedy for f in found if f.name == "session_folder"]
        finally:
            os.seteuid(0)
            os.setegid(0)

    (remedy,) = told()
    subprocess.run(shlex.split(remedy.removeprefix("sudo ")), check=True)
    left = told()
    # What others may only read is a folder whose drops stay in it, and that is said.
    assert len(left) == (owner == group == 0)
    assert all(line.startswith("sudo chown nobody") for line in left)


def test_remedies_are_lines_that_a_shell_takes() -> None:
    lines = [
        folder_checks.check_free_space(0, 10, Path("a b")).remedy,
        machine_checks.check_clock(synchronized=False).remedy,
        machine_checks.check_inotify_watches(1, 1000).remedy,
        install_hints.bundled_ffmpeg_command(),
        install_hints.bundled_js_runtime_command(),
        install_hints.reinstall_ytdlp_command(),
        install_hints.reinstall_pyav_command(),
        *(
            f.remedy
            for f in program_checks.check_ytdlp_upgrades(
                ActiveVersion(version="1"), has_pip=False
            )
        ),
    ]
    for line in lines:
        assert subprocess.run(["sh", "-nc", line], check=False).returncode == 0, line
        assert "(" not in line, "no prose"


def test_the_daemon_sees_what_breaks_and_what_is_mended(
    rig: Rig, settings: Settings
) -> None:
    checkup = SelfCheck(rig.layout)
    assert checkup.run(settings, 0.0) == []
    library = rig.layout.library
    assert library is not None
    library.rmdir()
    library.write_text("in the way")
    ((code, message, hint),) = checkup.run(settings, 30.0)
    assert code == "folder_library"
    assert "does not appear there" in message
    subprocess.run(shlex.split(hint.removeprefix("sudo ")), check=True)
    assert checkup.run(settings, 60.0) == []


def test_a_mount_in_the_middle_is_seen_and_healed(rig: Rig, settings: Settings) -> None:
    checkup = SelfCheck(rig.layout)
    work = rig.layout.work
    with mounted(work, "-t", "tmpfs", "none"):
        ((code, _, hint),) = checkup.run(settings, 0.0)
        assert code == "one_file_system"
        words = shlex.split(hint.removeprefix("sudo ").partition(" (")[0])
        subprocess.run(words, check=True)
    assert checkup.run(settings, 1.0) == [], "it looks again until it is mended"
    assert checkup.run(settings, 2 * RENAME_CHECK_INTERVAL_S) == []


@needs_root
def test_a_read_only_mount_is_called_that_and_no_chmod_is_named(rig: Rig) -> None:
    downloads = rig.layout.downloads
    with mounted(downloads, "-t", "tmpfs", "-o", "ro", "none"):
        found = {f.name: f for f in folder_checks.check_tree_folders(rig.layout)}
        closed = found["folder_downloads"]
        assert "mounted read-only" in closed.message
        subprocess.run(closed.remedy.removeprefix("sudo "), shell=True, check=True)
        found = {f.name: f for f in folder_checks.check_tree_folders(rig.layout)}
        assert found["folder_downloads"].health == "ok"


def test_a_status_folder_of_a_dead_mount_is_called_that(
    rig: Rig, tmp_path: Path
) -> None:
    status = rig.layout.status
    status.mkdir(exist_ok=True)
    with short_names_program(tmp_path, status) as end:
        (status / "daemon.json").write_text("{}")
        end()
        try:
            findings = rig.call("doctor", "--json").json["findings"]
            found = {f["name"]: f for f in findings}
            shown = rig.call("status").err
        finally:
            subprocess.run(["umount", "--lazy", status], check=False)
    assert found["folder_status"]["health"] == "broken"
    assert "mount its disk again" in found["folder_status"]["message"]
    assert found["daemon"]["remedy"].startswith("findmnt --target")
    assert f"hint: Mount the file system of {status}" in shown
