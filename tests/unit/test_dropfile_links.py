"""The link files that desktops make."""

import plistlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.dropfile import DropKind, DropLine, NotADropError, parse
from ytaudio_daemon.urls import Link

URL = "https://www.youtube.com/watch?v=AAAAAAAAAAA&list=x"
SHORTCUT = f"[{{000214A0-0000}}]\r\nProp3=19,2\r\nURL=no\r\n[internetshortcut]\r\nIDList=\r\nurl={URL}\r\nURL=later\r\n"
DESKTOP = f"[Desktop Entry]\nEncoding=UTF-8\nName=Träne\nType=Link\nURL={URL}\nIcon=text-html\n"


def one(data: bytes, kind: DropKind) -> DropLine:
    (entry,) = parse(data, kind)
    return entry


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_windows_shortcut(encoding: str) -> None:
    entry = one(f"; é\r\n{SHORTCUT}".encode(encoding), DropKind.URL)
    assert (entry.line, entry.link, entry.code) == (7, Link("AAAAAAAAAAA"), None)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_freedesktop_link(encoding: str) -> None:
    entry = one(DESKTOP.encode(encoding), DropKind.DESKTOP)
    assert (entry.line, entry.link) == (5, Link("AAAAAAAAAAA"))


def test_a_link_of_kde_may_have_variables() -> None:
    data = DESKTOP.replace("URL=", "URL[$e]=").encode()
    assert one(data, DropKind.DESKTOP).link == Link("AAAAAAAAAAA")


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_mac_web_location(form: plistlib.PlistFormat) -> None:
    entry = one(plistlib.dumps({"URL": URL}, fmt=form), DropKind.WEBLOC)
    assert (entry.line, entry.link) == (1, Link("AAAAAAAAAAA"))


def test_a_link_elsewhere_is_refused_by_its_code() -> None:
    data = SHORTCUT.replace("www.youtube.com", "me:secret@vimeo.com").encode()
    entry = one(data, DropKind.URL)
    assert (entry.code, entry.link) == ("unsupported_site", None)
    assert "secret" not in entry.text + entry.message


def test_a_link_to_a_mirror_is_refused_with_its_own() -> None:
    data = SHORTCUT.replace("www.youtube.com", "yewtu.be").encode()
    entry = one(data, DropKind.URL)
    assert (entry.code, entry.link) == ("mirror", Link("AAAAAAAAAAA"))


_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE plist ['
    '<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">'
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><plist><dict><key>URL</key><string>&i;</string></dict></plist>"
)
_DEEP = "<plist>" + "<array>" * 4000 + "</array>" * 4000 + "</plist>"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", DropKind.URL),
        (f"URL={URL}".encode(), DropKind.URL),
        (b"[InternetShortcut]\nURL=\n", DropKind.URL),
        (SHORTCUT.encode() + b"#" * 70_000, DropKind.URL),
        (DESKTOP.replace("Type=Link", "Type=Application").encode(), DropKind.DESKTOP),
        (DESKTOP.replace("Type=Link", "").encode(), DropKind.DESKTOP),
        (b"", DropKind.WEBLOC),
        (plistlib.dumps([URL]), DropKind.WEBLOC),
        (plistlib.dumps({"URL": 1}), DropKind.WEBLOC),
        (_BOMB.encode(), DropKind.WEBLOC),
        (_DEEP.encode(), DropKind.WEBLOC),
        (_DEEP.replace("array", "x").encode() * 2, DropKind.WEBLOC),
        (b"bplist00" + bytes(range(200)), DropKind.WEBLOC),
    ],
)
def test_what_names_no_url_is_no_drop(data: bytes, kind: DropKind) -> None:
    with pytest.raises(NotADropError):
        parse(data, kind)


_PLIST = plistlib.dumps({"URL": URL, "a": [{"b": 1.5}]}, fmt=plistlib.FMT_BINARY)


@given(st.integers(0, len(_PLIST) - 1), st.binary(min_size=1, max_size=9))
def test_a_damaged_property_list_breaks_nothing(at: int, junk: bytes) -> None:
    data = _PLIST[:at] + junk + _PLIST[at + len(junk) :]
    try:
        entry = one(data, DropKind.WEBLOC)
    except NotADropError:
        return
    assert entry.text.isprintable()
