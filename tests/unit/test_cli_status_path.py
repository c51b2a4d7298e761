"""The quick way to the status folder leads where the settings do, or nowhere."""

from itertools import product
from pathlib import Path

import pytest

from ytaudio_daemon.cli.status_path import status_folder_without_settings
from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.settings import find_config, load

ROOTS = (None, "elsewhere", "/srv/tree", "..", "~/tree", "link")
STATUSES = (None, "public", "/srv/public", "../public", "~/s", "")


def by_the_settings(
    config: str | None, root: str | None, environ: dict[str, str], cwd: Path
) -> Path:
    file = Path(config) if config else find_config(environ, cwd)
    overrides = {} if root is None else {"paths.root": root}
    return load(file, environ, overrides, cwd=cwd).paths.status


def write_config(folder: Path, root: str | None, status: str | None) -> None:
    file = folder / "config" / "ytaudio.toml"
    file.parent.mkdir(exist_ok=True)
    lines = ["[paths]"]
    lines += [f'root = "{root}"'] if root is not None else []
    lines += [f'status = "{status}"'] if status is not None else []
    file.write_text("\n".join(lines))


@pytest.mark.parametrize(("in_file", "in_environment"), [*product(ROOTS, ROOTS)])
def test_both_ways_lead_to_the_same_folder(
    tmp_path: Path, in_file: str | None, in_environment: str | None
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    home = {"HOME": str(tmp_path)}
    environ = home | ({"YTAUDIO_PATHS_ROOT": in_environment} if in_environment else {})
    answered = 0
    for status, flag in product(STATUSES, (None, "flagged")):
        write_config(tmp_path, in_file, status)
        for config in (None, "config/ytaudio.toml"):
            quick = status_folder_without_settings(config, flag, environ, tmp_path)
            try:
                slow = by_the_settings(config, flag, environ, tmp_path)
            except ConfigError:
                assert quick is None
                continue
            assert quick in {None, slow}
            answered += quick is not None
    assert answered >= 8, "the plain cases take the quick way"


def test_without_a_config_the_current_folder_is_the_root(tmp_path: Path) -> None:
    quick = status_folder_without_settings(None, None, {}, tmp_path)
    assert quick == tmp_path / "status" == by_the_settings(None, None, {}, tmp_path)


@pytest.mark.parametrize("variable", ["status-here", "/srv/x"])
def test_a_variable_goes_before_the_file(tmp_path: Path, variable: str) -> None:
    write_config(tmp_path, None, "in-file")
    environ = {"YTAUDIO_PATHS_STATUS": variable}
    quick = status_folder_without_settings(None, None, environ, tmp_path)
    assert quick == by_the_settings(None, None, environ, tmp_path)
    assert quick is not None
    assert quick.name == Path(variable).name


@pytest.mark.parametrize("text", ["[paths", "paths = 3", "[paths]\nroot = 3", "\xff"])
def test_a_bad_file_is_left_to_the_settings_to_explain(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, "latin-1")
    assert status_folder_without_settings(str(file), None, {}, tmp_path) is None
    with pytest.raises(ConfigError):
        by_the_settings(str(file), None, {}, tmp_path)


def test_a_missing_file_is_left_to_the_settings_to_explain(tmp_path: Path) -> None:
    assert status_folder_without_settings("no.toml", None, {}, tmp_path) is None
    environ = {"YTAUDIO_CONFIG": "no.toml"}
    assert status_folder_without_settings(None, None, environ, tmp_path) is None
