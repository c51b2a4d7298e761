"""Settings: where values come from, what is allowed, and what is said when not."""

import dataclasses
import grp
import os
import pwd
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.others import NOBODY, let_others_in, needs_root
from ytaudio_daemon.cli.status_path import status_folder_without_settings
from ytaudio_daemon.errors import ConfigError
from ytaudio_daemon.settings import (
    KEYS,
    RELOADABLE,
    Settings,
    changed_keys,
    find_config,
    load,
)

REPOSITORY = Path(__file__).parents[2]
#: Neither root nor the caller.
STRANGER = 4242
SHARED_GROUP = 4242
SHIPPED = REPOSITORY / "config" / "ytaudio.toml"


def config(folder: Path, text: str) -> Path:
    file = folder / "config" / "ytaudio.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def problems(
    file: Path | None, environ: Mapping[str, str] | None = None, **flags: str
) -> list[str]:
    overrides = {name.replace("__", "."): text for name, text in flags.items()}
    with pytest.raises(ConfigError) as refusal:
        load(file, environ or {}, overrides, cwd=Path("/srv"))
    return refusal.value.message.splitlines()


def defaults() -> Settings:
    return load(None, {}, cwd=Path("/srv"))


def test_the_shipped_file_holds_every_key_with_its_default_and_a_comment() -> None:
    lines = SHIPPED.read_text().splitlines()
    tables = tomllib.loads(SHIPPED.read_text())
    shipped = {f"{s}.{k}": v for s, table in tables.items() for k, v in table.items()}
    expected = {
        k.full_name: tomllib.loads(f"x = {k.toml_default}")["x"] for k in KEYS.values()
    }
    assert list(shipped) == list(expected)
    assert shipped == expected | {"log.directory": "logs"}
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            assert lines[number - 1].startswith("# ")


def test_the_shipped_file_says_what_the_declarations_say() -> None:
    words = SHIPPED.read_text().replace("\n# ", " ")
    assert [key.doc for key in KEYS.values() if key.doc not in words] == []
    restart = [line for line in words.splitlines() if line.endswith("(restart)")]
    assert len(restart) == len(KEYS) - len(RELOADABLE)


def test_the_defaults_are_those_of_the_shipped_file() -> None:
    shipped = load(SHIPPED, {})
    expected = load(None, {}, cwd=REPOSITORY)
    assert shipped.paths.root == REPOSITORY
    assert changed_keys(shipped, expected) == {"log.directory"}


def test_the_design_s_numbers() -> None:
    settings = defaults()
    assert settings.download.workers == 3
    assert settings.download.max_duration == 12 * 3600.0
    assert settings.download.max_size == 4 << 30
    assert settings.download.rate_limit == 0
    assert settings.sessions.ttl == 86_400.0
    assert settings.sessions.max_pending == 14 * 86_400.0
    assert settings.status.interval == 0.5
    assert settings.paths.umask == 0o022
    assert settings.download.ca_file is None
    assert settings.download.layer == {
        "format": "mp3",
        "quality": "bestaudio",
        "filename": "%(title)s",
    }


def test_paths_without_a_file_lie_below_the_current_folder() -> None:
    settings = defaults()
    assert settings.paths.root == Path("/srv")
    assert settings.paths.inbox == Path("/srv/inbox")
    assert settings.paths.library == Path("/srv/library")
    assert settings.database.url == "sqlite:////srv/state/ledger.sqlite3"
    assert settings.log.directory is None


def test_a_relative_root_starts_where_it_was_written(tmp_path: Path) -> None:
    file = config(tmp_path, '[paths]\nroot = "../data"\ninbox = "in"\nlibrary = ""\n')
    settings = load(file, {}, cwd=Path("/srv"))
    assert settings.paths.root == tmp_path / "data"
    assert settings.paths.inbox == tmp_path / "data" / "in"
    assert settings.paths.library is None
    assert settings.config_file == file
    variable = load(file, {"YTAUDIO_PATHS_ROOT": "here"}, cwd=Path("/srv"))
    assert variable.paths.inbox == Path("/srv/here/in")
    flag = load(file, {}, {"paths.root": "there"}, cwd=Path("/srv"))
    assert flag.paths.state == Path("/srv/there/state")
    silent = load(config(tmp_path, ""), {}, cwd=Path("/srv"))
    assert silent.paths.root == tmp_path


def test_a_tilde_is_the_home_folder_and_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    environ = {"HOME": str(tmp_path), "YTAUDIO_PATHS_ROOT": "~/link"}
    assert load(None, environ).paths.inbox == tmp_path / "real" / "inbox"


def test_a_folder_that_leads_in_circles_is_named(tmp_path: Path) -> None:
    (tmp_path / "inbox").symlink_to("inbox")
    (message,) = problems(None, {"YTAUDIO_PATHS_ROOT": str(tmp_path)})
    assert message.startswith("[paths]")
    assert "inbox" in message


def test_flags_go_before_variables_before_the_file(tmp_path: Path) -> None:
    file = config(tmp_path, "[download]\nworkers = 4\nconverters = 5\nformat='m4a'\n")
    environ = {"YTAUDIO_DOWNLOAD_CONVERTERS": "6", "YTAUDIO_DOWNLOAD_FORMAT": "ogg"}
    settings = load(file, environ, {"download.format": "WAV"}, cwd=tmp_path)
    names = [
        f"download.{name}" for name in ("workers", "converters", "format", "quality")
    ]
    assert [settings.value(name) for name in names] == [4, 6, "wav", "bestaudio"]
    assert [settings.origins[name] for name in names] == [
        "config/ytaudio.toml",
        "YTAUDIO_DOWNLOAD_CONVERTERS",
        "--format",
        "default",
    ]


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = config(
        tmp_path,
        '[download]\nworkers = "3"\nfromat = "mp3"\nformat = "mp4"\n\n'
        '[sesions]\nttl = "1h"\n[pace]\nburst = 0\nper_hour = 1.5\n'
        '[sessions]\nttl = 0\nover_limit = "wait"\n[retry]\nattempts = true\n',
    )
    told = problems(file)
    expected = [
        (3, "fromat", "did you mean format?"),
        (6, "[sesions]", "did you mean [sessions]?"),
        (2, "workers", "a whole number from 1 to 64"),
        (4, "mp4", "mp3 m4a wav flac ogg opus"),
        (9, "burst", "from 1"),
        (10, "per_hour", "1.5"),
        (12, "ttl", "more than 0"),
        (13, "wait", "hold reject"),
        (15, "attempts", "True"),
    ]
    assert len(told) == len(expected)
    for message, (line, name, words) in zip(told, expected, strict=True):
        assert message.startswith(f"{file}:{line}: ")
        assert name in message
        assert words in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers = 3\n", "belongs below a line [download]"),
        ("download = 3\n", "write [download] on a line of its own"),
        ("[download]\nworkers = mp3\n", "line 2"),
        ("[download\n", "not valid TOML in line 1: "),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("[download]\nbitrat = 1\n", "did you mean bitrate?"),
        ("[disk]\nxyz = 1\n", "known: reserve"),
    ],
)
def test_mistakes_in_the_file_s_form(tmp_path: Path, text: str, words: str) -> None:
    (message,) = problems(config(tmp_path, text))
    assert words in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "No such file" in problems(tmp_path / "no.toml")[0]
    assert "Is a directory" in problems(tmp_path)[0]
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    assert "not UTF-8" in problems(tmp_path / "latin.toml")[0]


def test_variables_of_ours_are_checked_and_others_left_alone() -> None:
    others = {"YTAUDIO_CONFIG": "x", "YTAUDIO_TEMPLATE": "x", "PATH": "/bin"}
    assert changed_keys(load(None, others, cwd=Path("/srv")), defaults()) == frozenset()
    (message,) = problems(None, {"YTAUDIO_DOWNLOAD_WORKER": "1"})
    assert "did you mean YTAUDIO_DOWNLOAD_WORKERS?" in message
    (message,) = problems(None, {"YTAUDIO_DOWNLOAD_XYZ": "1"})
    assert "no such setting" in message
    (message,) = problems(None, {"YTAUDIO_DOWNLOADS_WORKERS": "1"})
    assert "did you mean" in message
    (message,) = problems(None, {"YTAUDIO_DOWNLOAD_WORKERS": "many"})
    assert message.startswith("YTAUDIO_DOWNLOAD_WORKERS: [download] workers")


def test_flags_are_named_in_messages() -> None:
    (message,) = problems(None, sessions__max_jobs="-1")
    assert message.startswith("--max-jobs: [sessions] max_jobs cannot be '-1'")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"retry.base": "1h", "retry.cap": "1m"}, "cap"),
        ({"paths.state": "inbox/x"}, "paths.inbox"),
        ({"paths.library": "downloads"}, "same folder"),
        ({"paths.inbox": "."}, "paths.inbox"),
        ({"log.directory": "status"}, "log.directory"),
        ({"paths.state": "what?"}, "?"),
    ],
)
def test_what_cannot_be_together(settings: dict[str, str], words: str) -> None:
    variables = {KEYS[name].variable: text for name, text in settings.items()}
    assert words in problems(None, variables)[0]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("inbox.settle", "90s", 90.0),
        ("sessions.ttl", "1h30m", 5400.0),
        ("sessions.ttl", "1h 30m", 5400.0),
        ("sessions.ttl", "1.5h", 5400.0),
        ("sessions.ttl", "2w", 1_209_600.0),
        ("sessions.ttl", "90", None),
        ("sessions.ttl", "-1h", None),
        ("sessions.ttl", "0", None),
        ("sessions.ttl", "0s", None),
        ("sessions.ttl", "", None),
        ("sessions.ttl", "soon", None),
        ("sessions.ttl", "999999999w", None),
        ("inbox.settle", "0", 0.0),
        ("status.interval", "500ms", 0.5),
        ("download.max_size", "4GiB", 4 << 30),
        ("download.max_size", "4G", 4 << 30),
        ("download.max_size", "4GB", 4 * 10**9),
        ("download.max_size", "1.5 MiB", 3 << 19),
        ("download.max_size", "192k", 192 << 10),
        ("download.max_size", "500000", 500_000),
        ("download.max_size", "0", 0),
        ("download.max_size", "", None),
        ("download.max_size", "-1", None),
        ("download.max_size", "9999999TiB", None),
        ("download.rate_limit", "", 0),
        ("download.rate_limit", "2M", 2 << 20),
        ("inbox.max_file_size", "0", None),
        ("download.bitrate", "320", "320k"),
        ("download.bitrate", "9000k", None),
        ("download.filename", "%(artist)s - %(title)s", "%(artist)s - %(title)s"),
        ("download.filename", "%(title)9s", None),
        ("download.quality", "Best", "best"),
        ("paths.umask", "0027", 0o027),
        ("paths.umask", "027", 0o027),
        ("paths.umask", "0888", None),
        ("paths.umask", "27", None),
        ("paths.inbox", "", None),
        ("paths.inbox", "a\0b", None),
        ("paths.group", "audio", "audio"),
        ("paths.group", "a b", None),
        ("download.proxy", "socks5://me:word@host:1080", "socks5://me:word@host:1080"),
        ("download.proxy", "http://[::1]:3128", "http://[::1]:3128"),
        ("download.proxy", "host:3128", None),
        ("download.proxy", "http://host:x", None),
        ("database.url", "postgresql://me@host/db", "postgresql+psycopg://me@host/db"),
        ("database.url", "sqlite:////x/y.sqlite3", "sqlite:////x/y.sqlite3"),
        ("database.url", "sqlite:///y.sqlite3", None),
        ("database.url", "sqlite://", None),
        ("database.url", "mysql://host/db", None),
        ("database.url", "postgresql://me@host:port/db", None),
        ("database.url", "postgresql://[::1]:5/db", "postgresql+psycopg://[::1]:5/db"),
        ("download.ca_file", "ca.pem", Path("/srv/ca.pem")),
        ("log.directory", "/var/log/x", Path("/var/log/x")),
        ("download.workers", "٣٣٣", None),
    ],
)
def test_values(key: str, text: str, value: object) -> None:
    variable = {KEYS[key].variable: text}
    if value is None:
        (message,) = problems(None, variable)
        assert KEYS[key].value_type.allowed in message
    else:
        assert load(None, variable, cwd=Path("/srv")).value(key) == value


def test_sizes_and_zero_durations_may_be_numbers_in_the_file(tmp_path: Path) -> None:
    text = "[sessions]\nmax_bytes = 1000\n[inbox]\nsettle = 0\n"
    settings = load(config(tmp_path, text), {})
    assert (settings.sessions.max_bytes, settings.inbox.settle) == (1000, 0.0)


def test_secrets_are_not_shown() -> None:
    environ = {
        "YTAUDIO_DOWNLOAD_PROXY": "ftp://me:p@ss@host:1",
        "YTAUDIO_DATABASE_URL": "postgresql://me:secret@host/db?sslpassword=secret",
    }
    (message,) = problems(None, environ)
    assert "***@host:1" in message
    assert "ss@" not in message
    environ["YTAUDIO_DOWNLOAD_PROXY"] = "http://me:secret@host:1"
    shown = load(None, environ).redacted()
    assert shown["download.proxy"] == "http://***@host:1"
    assert shown["database.url"] == "postgresql+psycopg://***@host/db?sslpassword=***"
    assert set(shown) == set(KEYS)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:/me:hush@host/db",
        "me:hush@host/db",
        "postgresql://me:hush/x@host:port/db",
        "host=h password=hush user=me",
    ],
)
def test_a_mistyped_address_shows_no_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {"YTAUDIO_DATABASE_URL": url})
    assert "hush" not in caught.value.message + caught.value.hint


def test_what_is_shown_is_read_back() -> None:
    settings = defaults()
    for name, text in settings.redacted().items():
        assert load(None, {}, {name: text}, cwd=Path("/srv")).value(
            name
        ) == settings.value(name)


@given(st.integers(1, 10**10), st.integers(0, 1 << 60))
def test_durations_and_sizes_are_shown_exactly(milliseconds: int, count: int) -> None:
    ttl, size = KEYS["sessions.ttl"].value_type, KEYS["sessions.max_bytes"].value_type
    seconds = milliseconds / 1000
    assert ttl.parse(ttl.format(seconds)) == pytest.approx(seconds, abs=1e-6)
    assert size.parse(size.format(count)) == count


@given(st.sampled_from(sorted(KEYS)), st.text(max_size=12))
def test_no_text_breaks_it(name: str, text: str) -> None:
    try:
        load(None, {}, {name: text}, cwd=Path("/srv"))
    except ConfigError as refusal:
        assert KEYS[name].section in str(refusal)  # noqa: PT017 - most texts are accepted or refused


def test_what_a_running_daemon_takes_up() -> None:
    old = defaults()
    new = load(
        None,
        {},
        {"download.workers": "5", "log.level": "debug", "paths.status": "st"},
        cwd=Path("/srv"),
    )
    assert changed_keys(old, new) == {"download.workers", "log.level", "paths.status"}
    assert changed_keys(old, new) & RELOADABLE == {"download.workers", "log.level"}
    assert not {n for n in RELOADABLE if n.startswith(("paths.", "database."))}


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        defaults().download.workers = 9  # type: ignore[misc] # the point


def test_where_the_config_file_is_looked_for(tmp_path: Path) -> None:
    assert find_config({"YTAUDIO_CONFIG": "a.toml"}, tmp_path) == tmp_path / "a.toml"
    assert find_config({"YTAUDIO_CONFIG": "/a.toml"}, tmp_path) == Path("/a.toml")
    system = Path("/etc/ytaudio/ytaudio.toml")
    expected = system if system.exists() else None
    assert find_config({"YTAUDIO_CONFIG": ""}, tmp_path) == expected
    file = config(tmp_path, "")
    assert find_config({}, tmp_path) == file


@needs_root
def test_who_may_not_read_the_config_is_told_of_its_group(tmp_path: Path) -> None:
    file = config(tmp_path, "")
    group = grp.getgrgid(65534).gr_name
    os.chown(file, 0, 65534)
    file.chmod(0o640)
    let_others_in(file.parent)
    os.setegid(1)
    os.seteuid(1)
    try:
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            load(file, {})
    finally:
        os.seteuid(0)
        os.setegid(0)
    assert f"sudo usermod -aG {group} " in caught.value.hint


def change_by_others(place: Path, change: str) -> None:
    """Let somebody else change a file or folder, or lay a link of theirs for it."""
    if change == "group":
        os.chown(place, -1, SHARED_GROUP)
        place.chmod(0o775)
    elif change == "all":
        place.chmod(0o757)
    elif change == "owner":
        os.chown(place, STRANGER, -1)
    else:
        real = place.with_name(place.name + "-real")
        place.rename(real)
        place.symlink_to(real)
        os.chown(place, STRANGER, -1, follow_symlinks=False)


@contextmanager
def acting_as(uid: int) -> Iterator[None]:
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@needs_root
@pytest.mark.parametrize("caller", [0, NOBODY])
@pytest.mark.parametrize("part", ["", "config", "config/ytaudio.toml"])
@pytest.mark.parametrize("change", ["group", "all", "owner", "link"])
def test_a_local_config_that_others_can_change_is_refused(
    tmp_path: Path, part: str, change: str, caller: int
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    file = config(folder, "")
    let_others_in(tmp_path)
    for place in (folder, file.parent, file):
        os.chown(place, caller, -1)
    change_by_others(folder / part, change)
    with acting_as(caller):
        with pytest.raises(ConfigError, match="is not taken") as caught:
            find_config({}, folder)
        assert status_folder_without_settings(None, None, {}, folder) is None
        assert find_config({"YTAUDIO_CONFIG": str(file)}, folder) == file
    assert str(folder / part) in caught.value.message
    remedy = "chmod go-w" if change in {"group", "all"} else f"chown -h {caller}"
    assert f"--config {file}" in caught.value.hint
    assert f"{remedy} {folder / part}" in caught.value.hint


@needs_root
@pytest.mark.parametrize("owner", [0, NOBODY])
def test_a_local_config_of_the_caller_or_of_root_is_taken(
    tmp_path: Path, owner: int
) -> None:
    file = config(tmp_path, "")
    let_others_in(file.parent)
    for place in (tmp_path, file.parent, file):
        os.chown(place, owner, -1)
    with acting_as(NOBODY):
        assert find_config({}, tmp_path) == file


@needs_root
@pytest.mark.parametrize("members", [[], ["alice"]])
def test_a_group_of_the_caller_alone_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: list[str]
) -> None:
    """With a umask of 002 everything that a user makes is of this kind."""
    user = pwd.getpwuid(NOBODY)
    group = grp.struct_group((user.pw_name, "x", user.pw_gid, members))
    monkeypatch.setattr(grp, "getgrgid", {user.pw_gid: group}.__getitem__)
    file = config(tmp_path, "")
    let_others_in(file.parent)
    for place in (tmp_path, file.parent, file):
        os.chown(place, NOBODY, user.pw_gid)
        place.chmod(0o775)
    with acting_as(NOBODY):
        if members:
            with pytest.raises(ConfigError):
                find_config({}, tmp_path)
        else:
            assert find_config({}, tmp_path) == file


@needs_root
def test_a_system_config_that_others_can_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = config(tmp_path, "")
    module = sys.modules["ytaudio_daemon.settings.load"]
    monkeypatch.setattr(module, "SYSTEM_CONFIG", file)
    elsewhere = tmp_path / "elsewhere"
    assert find_config({}, elsewhere) == file
    os.chown(file, STRANGER, -1)
    with pytest.raises(ConfigError, match="is not taken"):
        find_config({}, elsewhere)


@needs_root
def test_a_config_file_behind_a_closed_door_is_not_passed_over(tmp_path: Path) -> None:
    file = config(tmp_path, "")
    file.parent.chmod(0o700)
    tmp_path.chmod(0o755)
    program = (
        "import os, sys; from pathlib import Path\n"
        "from ytaudio_daemon.settings.load import find_config, load\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "load(find_config({}, Path(sys.argv[1])), {}, cwd=Path(sys.argv[1]))"
    )
    for folder in tmp_path.relative_to("/").parents:
        Path("/", folder).chmod(0o755) if folder.name.startswith("pytest-") else None
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "config/ytaudio.toml cannot be read: Permission denied" in ran.stderr


def test_loading_imports_little() -> None:
    """`ytaudio status` starts in 40 ms; each of these would cost a good part of it."""
    program = "import sys, ytaudio_daemon.settings; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"hashlib", "difflib", "logging", "sqlalchemy", "yt_dlp"}
    assert not heavy & set(ran.stdout.split())


def notify(folder: Path, text: str) -> Settings:
    return load(config(folder, f"[notify]\n{text}\n"), {}, cwd=folder)


def test_lists_stand_in_the_file_and_in_variables(tmp_path: Path) -> None:
    file = 'urls = ["ntfy://a b", "json://x"]\ncommand = ["/bin/hook", "two words"]'
    found = notify(tmp_path, file).notify
    assert found.urls == ("ntfy://a b", "json://x")
    assert found.command == ("/bin/hook", "two words")
    assert found.on == (
        "completed", "failed", "refused", "session_expired", "degraded", "recovered",
    )  # fmt: skip
    told = {
        "YTAUDIO_NOTIFY_URLS": "'ntfy://a b' json://x",
        "YTAUDIO_NOTIFY_COMMAND": "/bin/hook 'two words'",
        "YTAUDIO_NOTIFY_ON": "",
    }
    same = load(None, told, cwd=tmp_path).notify
    assert (same.urls, same.command, same.on) == (found.urls, found.command, ())


@pytest.mark.parametrize(
    "line",
    [
        'urls = ["no address"]',
        "urls = [1]",
        'urls = "json://x"',
        f"urls = {[f'json://{n}' for n in range(21)]!r}",
        'webhook = "ftp://host/"',
        'webhook = "https:///path"',
        'webhook = "https://host:port/"',
        'webhook = "https://host/\\n"',
        'webhook = "http://user:half/half@host/"',
        'command = ["bin/hook"]',
        'command = [""]',
        'command = "hook"',
        'on = ["complete"]',
        'gather = "-1s"',
        'timeout = "0"',
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path: Path, line: str) -> None:
    (problem,) = problems(config(tmp_path, f"[notify]\n{line}\n"))
    assert f"[notify] {line.partition(' ')[0]} cannot be" in problem


SECRET_SETTINGS = [
    ("urls", '["tgram://123:hush/room", "json://me:hush@host/hush?k=hush"]'),
    ("urls", '["tgram:/123:hush"]'),
    ("urls", '["json://hush", 4]'),
    ("webhook", '"https://me:hush@host/hush?k=hush#hush"'),
    ("webhook", '"https://me:a/hush@host/"'),
    ("webhook", '"ftp://me:hush@host/"'),
    ("webhook", '"https://me:hush/hush"'),
    ("command", '["/bin/hook", "--token", "hush"]'),
    ("command", '["./hook", "hush"]'),
    ("command", '["./hook", "it\'s hush"]'),
]


@pytest.mark.parametrize(("key", "value"), SECRET_SETTINGS)
def test_no_secret_of_a_receiver_is_shown(tmp_path: Path, key: str, value: str) -> None:
    try:
        shown = notify(tmp_path, f"{key} = {value}").redacted()[f"notify.{key}"]
    except ConfigError as refusal:
        shown = refusal.message
    assert shown
    assert "hush" not in shown


def test_what_is_shown_of_a_receiver(tmp_path: Path) -> None:
    text = (
        'urls = ["tgram://1:hush/r", "ntfy://hush"]\n'
        'webhook = "https://me:hush@[::1]:8080/hush"\ncommand = ["/bin/hook", "hush"]'
    )
    shown = notify(tmp_path, text).redacted()
    assert shown["notify.urls"] == "tgram://*** ntfy://***"
    assert shown["notify.webhook"] == "https://[::1]:8080/***"
    assert shown["notify.command"] == "/bin/hook ***"
    assert defaults().redacted()["notify.webhook"] == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[downloads]\nformat = "mp3"\n',
            ":1: [downloads]: there is no such section; did you mean [download]?",
        ),
        (
            "[paces]\nburst = 1\n",
            ":1: [paces]: there is no such section; did you mean [pace]?",
        ),
        (
            '[download]\nformat = "mp3"\nworkers = 1\nformat = "m4a"\n',
            ":4: [download] format stands twice, first in line 2",
        ),
        ('x = 1\nx = "2"', ":2: x stands twice, first in line 1"),
        ("[download]\n\n[download]\n", ":3: [download] stands twice, first in line 1"),
        ("[download]\nformat = “mp3”\n", ":2: “ ” are not quotes in TOML"),
        (
            "[download]\nformat = mp3\n",
            "is not valid TOML in line 2: Invalid value: format = mp3",
        ),
    ],
)
def test_a_mistake_in_the_form_is_named_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    (problem,) = problems(config(tmp_path, text))
    assert problem.endswith(message)
