"""What a file of cookies is worth, and what is stored of it."""

import pytest

from tests.youtube.accounts import cookies_text
from ytaudio_daemon.model.cookies import (
    account_end,
    find_cookies_fault,
    format_cookies,
    is_account,
    is_cookies_name,
    is_cookies_text,
    merge_refreshed,
    parse_cookies,
)

GOOD = cookies_text("alice")
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(".youtube.com", "#HttpOnly_.youtube.com"),
        GOOD.replace("# Netscape HTTP Cookie File\n\n", ""),
        cookies_text("alice", expires=0),
        GOOD.replace("SAPISID", "__Secure-3PAPISID"),
    ],
)
def test_an_accounts_cookies_are_found_whichever_way_they_were_exported(
    text: str,
) -> None:
    assert find_cookies_fault(text, NOW) is None
    assert is_cookies_text(text)
    assert is_account(parse_cookies(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "cookies_empty"),
        (" \n", "cookies_empty"),
        ("<!DOCTYPE html><html><title>Sign in", "cookies_web_page"),
        ("\n<html lang=en>", "cookies_web_page"),
        ('[{"domain": ".youtube.com", "name": "SID"}]', "cookies_json"),
        ("hello", "cookies_not_netscape"),
        (GOOD.replace("\t", "    "), "cookies_other_site"),
        (
            "\n".join(GOOD.replace("\t", "    ").splitlines()[2:]),
            "cookies_not_netscape",
        ),
        (GOOD.replace("youtube.com", "example.com"), "cookies_other_site"),
        (GOOD.replace("youtube.com", "notyoutube.com"), "cookies_other_site"),
        (GOOD.replace("LOGIN_INFO", "OTHER"), "cookies_signed_out"),
        (GOOD.replace("SAPISID", "OTHER"), "cookies_signed_out"),
        (cookies_text("alice", expires=1_700_000_000), "cookies_expired"),
    ],
)
def test_a_file_that_signs_nobody_in_is_refused_and_nothing_of_it_repeated(
    text: str, code: str
) -> None:
    fault = find_cookies_fault(text, NOW)
    assert fault is not None
    assert fault.code == code
    assert fault.hint
    assert "alice" not in fault.message + fault.hint


def test_an_account_ends_with_the_first_cookie_that_it_needs() -> None:
    assert account_end(parse_cookies(GOOD)) == 4102444800
    assert account_end(parse_cookies(cookies_text("a", expires=0))) is None
    longer = ".youtube.com\tTRUE\t/\tTRUE\t2000000000\t__Secure-3PAPISID\tx\n"
    text = cookies_text("a", expires=1_900_000_000, more=longer)
    assert account_end(parse_cookies(text)) == 1_900_000_000


def test_only_cookies_of_youtube_are_stored() -> None:
    bank = ".bank.example\tTRUE\t/\tTRUE\t0\tSID\tsecret\n"
    stored = format_cookies(parse_cookies(GOOD + bank + "not a cookie: secret\n"))
    assert "secret" not in stored
    assert parse_cookies(stored) == parse_cookies(GOOD)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cookies.txt", True),
        ("Cookies.TXT", True),
        ("www.youtube.com_cookies.txt", True),
        ("youtube-cookies.txt", True),
        ("cookies (1).txt", True),
        ("cookies.json", True),
        ("cookiesongs.txt", False),
        ("cookies songs.txt", False),
        ("songs.txt", False),
    ],
)
def test_names_of_exports(name: str, *, expected: bool) -> None:
    assert is_cookies_name(name) is expected


@pytest.mark.parametrize(
    "text",
    [
        "https://youtu.be/dQw4w9WgXcQ\n",
        "# a comment\nhttps://youtu.be/dQw4w9WgXcQ\n",
        "https://youtu.be/dQw4w9WgXcQ\tTRUE\t/\tTRUE\t0\ta\tb\n",
        "a\tb\tc\td\t5\tf\tg\n",
    ],
)
def test_links_are_no_cookies(text: str) -> None:
    assert not is_cookies_text(text)


def line(name: str, value: str) -> str:
    return f".youtube.com\tTRUE\t/\tTRUE\t4102444800\t{name}\t{value}\n"


def test_what_two_workers_refresh_is_stored_together() -> None:
    sent = parse_cookies(GOOD)
    first = merge_refreshed(sent, sent, parse_cookies(GOOD + line("SIDCC", "1")))
    assert first is not None
    both = merge_refreshed(first, sent, parse_cookies(GOOD + line("NID", "2")))
    assert both is not None
    found = {cookie.name: cookie.value for cookie in both}
    assert (found["SIDCC"], found["NID"], found["LOGIN_INFO"]) == ("1", "2", "alice")


@pytest.mark.parametrize(
    "received",
    [
        GOOD,
        line("SAPISID", "x") + line("SIDCC", "1"),  # signed out
        GOOD + line("PREF", "hl=en") + line("SOCS", "CAI"),  # yt-dlp's own
        GOOD + line("SIDCC", "1").replace("youtube.com", "google.com"),
    ],
)
def test_nothing_is_stored_but_what_youtube_refreshed(received: str) -> None:
    sent = parse_cookies(GOOD)
    assert merge_refreshed(sent, sent, parse_cookies(received)) is None


def test_cookies_that_were_given_meanwhile_stay() -> None:
    sent, newer = parse_cookies(GOOD), parse_cookies(cookies_text("bob"))
    received = parse_cookies(GOOD + line("SIDCC", "1"))
    assert merge_refreshed(newer, sent, received) is None
