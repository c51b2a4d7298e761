"""The section [youtube]: addresses, closed lists, and what is said of a typo."""

from pathlib import Path

import pytest

from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.settings import RELOADABLE, Settings, load


def settings(folder: Path, lines: str) -> Settings:
    file = folder / "ytaudio.toml"
    file.write_text(f"[youtube]\n{lines}\n")
    return load(file, {}, cwd=folder)


def refusal(folder: Path, lines: str) -> str:
    with pytest.raises(ConfigError) as refused:
        settings(folder, lines)
    return refused.value.message


def test_nothing_is_set_by_itself(tmp_path: Path) -> None:
    youtube = settings(tmp_path, "").youtube
    assert (youtube.pot_provider, youtube.clients, youtube.egress) == ("", (), ())


def test_all_of_it_may_be_reloaded() -> None:
    assert {"youtube.pot_provider", "youtube.clients", "youtube.egress"} <= RELOADABLE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http://127.0.0.1:4416", "http://127.0.0.1:4416"),
        ("http://[::1]:4416/", "http://[::1]:4416"),
        ("https://tokens.example", "https://tokens.example"),
        ("", ""),
    ],
)
def test_a_provider_is_an_address(tmp_path: Path, written: str, read: str) -> None:
    found = settings(tmp_path, f'pot_provider = "{written}"')
    assert found.youtube.pot_provider == read


@pytest.mark.parametrize(
    "written",
    [
        "127.0.0.1:4416",
        "ftp://127.0.0.1:4416",
        "http://127.0.0.1:4416/get_pot",
        "http://127.0.0.1:4416?x",
        "http://127.0.0.1:port",
        "http://me:hush@127.0.0.1:4416",
        "http://",
    ],
)
def test_what_is_no_address_of_a_service_is_refused(
    tmp_path: Path, written: str
) -> None:
    said = refusal(tmp_path, f'pot_provider = "{written}"')
    assert 'allowed: an address such as "http://127.0.0.1:4416"' in said
    assert "hush" not in said


def test_clients_are_named_as_ytdlp_does(tmp_path: Path) -> None:
    found = settings(tmp_path, 'clients = ["default", "mweb"]')
    assert found.youtube.clients == ("default", "mweb")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("web_sfari", "web_safari"), ("TV_SIMPLY", ""), ("androd", "android")],
)
def test_a_typo_is_understood(tmp_path: Path, written: str, meant: str) -> None:
    said = refusal(tmp_path, f'clients = ["mweb", "{written}"]')
    assert "allowed: a list of default web web_safari" in said
    assert said.endswith(f"; did you mean {meant}?") or not meant


def test_egresses_are_proxies_and_the_ordinary_way(tmp_path: Path) -> None:
    found = settings(tmp_path, 'egress = ["", "socks5://me:hush@host:1080"]')
    assert found.youtube.egress == ("", "socks5://me:hush@host:1080")
    assert "hush" not in str(found.redacted())
    again = load(None, {"YTAUDIO_YOUTUBE_EGRESS": "'' http://host:3128"}, cwd=tmp_path)
    assert again.youtube.egress == ("", "http://host:3128")


@pytest.mark.parametrize(
    "written", ['["host:1080"]', '["ftp://me:hush@host"]', '["socks5://"]', "[1]", '""']
)
def test_what_is_no_proxy_is_refused(tmp_path: Path, written: str) -> None:
    said = refusal(tmp_path, f"egress = {written}")
    assert 'allowed: a list such as ["", "socks5://' in said
    assert "hush" not in said
