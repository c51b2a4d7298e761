"""The sections of the config, each key declared once, in the order of the file. Pure.

`config/ytaudio.toml`, the environment variables, `ytaudio config` and the error
messages all follow from these declarations. Durations are in seconds, sizes in bytes.
"""

from dataclasses import dataclass, fields
from pathlib import Path

from ytaudio_daemon.model.innertube import PLAYER_CLIENTS
from ytaudio_daemon.model.library_rules import DEFAULT_RULES, LibraryRules
from ytaudio_daemon.model.options import FORMATS, QUALITIES, Layer
from ytaudio_daemon.model.outcome import COOKIES_POLICIES
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.settings.keys import fixed_key, key
from ytaudio_daemon.settings.list_types import (
    apprise_urls,
    command_line,
    link_list,
    proxy_list,
    service_url,
    web_url,
    word_list,
)
from ytaudio_daemon.settings.value_types import (
    choice,
    database_url,
    download_option,
    duration,
    file_mode_mask,
    group_name,
    integer,
    library_template,
    optional_path,
    path,
    positive_duration,
    proxy_url,
    size,
    yes_or_no,
)

#: The words of `[notify] on`.
EVENTS = ("completed", "failed", "refused", "session_expired", "degraded", "recovered")

# A table: a line a key, the meaning on a second one where it is long.
# fmt: off


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """The folders of the daemon. Relative ones are below root."""

    root: Path = fixed_key("..", path(),
        "The folder that holds all others; relative to the folder of this file.")
    inbox: Path = fixed_key("inbox", path(),
        "Files with links are dropped here, one folder for each session.")
    downloads: Path = fixed_key("downloads", path(), "Finished audio, and the work in progress.")
    library: Path | None = fixed_key("library", optional_path(),
        'The same audio under names people can find; "" switches it off.')
    status: Path = fixed_key("status", path(), "Status files and receipts for programs.")
    state: Path = fixed_key("state", path(), "The daemon's own files: the ledger and caches.")
    umask: int = fixed_key("0022", file_mode_mask(),
        "Permissions that new files and folders do not get, as umask(2).")
    group: str = fixed_key("", group_name(),
        "When set, new folders belong to this group, with setgid.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """The ledger of sessions and jobs."""

    url: str = fixed_key("", database_url(),
        'Where the ledger is; "" is SQLite in the state folder.')

    @property
    def sqlite_file(self) -> Path | None:
        """The ledger's file; None on PostgreSQL."""
        scheme, _, path = self.url.partition(":///")
        return Path(path) if scheme == "sqlite" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """How links are downloaded unless session, file or line says otherwise."""

    workers: int = key("3", integer(1, 64), "How many downloads run at the same time.")
    converters: int = key("0", integer(0, 256),
        "How many conversions run at the same time; 0 is one for each processor core.")
    format: str = key("mp3", download_option("format", " ".join(FORMATS)),
        "The format of the audio.")
    quality: str = key("bestaudio", download_option("quality", " ".join(QUALITIES)),
        "Which source is fetched; best and worst are videos, for their sound.")
    bitrate: str = key("192k", download_option("bitrate", "16k to 512k"),
        "Used where audio must be encoded to a lossy format.")
    filename: str = key("%(title)s", download_option("filename",
        "words and any of %(title)s %(artist)s %(album)s %(track)s %(date)s %(id)s %(channel)s"),
        "The file name of a result, without its ending.")
    max_duration: float = key("12h", duration(), "Longer videos are refused; 0 is no limit.")
    max_size: int = key("4GiB", size(), "Bigger downloads are refused; 0 is no limit.")
    deadline: float = key("3h", duration(),
        "The longest time that one try may take; 0 is no limit.")
    stall_timeout: float = key("60s", duration(),
        "A try ends when no byte has arrived for this time; 0 is never.")
    rate_limit: int = key("", size(nothing=""),
        'Bytes per second for each download; "" is no limit.')
    nice: int = key("0", integer(0, 19),
        "How far downloads and conversions give way to other programs, as nice(1) counts.")
    proxy: str = key("", proxy_url(), "The proxy for all requests to YouTube.")
    ca_file: Path | None = key("", optional_path(),
        "A PEM file with the certificate authorities to trust.")
    cookies_file: Path | None = key("", optional_path(),
        "Cookies of a YouTube account, in Netscape format. They can get the account blocked.")
    cookies: str = key("when_needed", choice(*COOKIES_POLICIES),
        "When cookies are sent: when_needed: only for videos that YouTube shows to signed-in people; "
        "always: with every request.")

    @property
    def layer(self) -> Layer:
        """The options below those of sessions, files and lines.

        `bitrate` is not among them: `model.options.effective` takes it separately.
        """
        return {
            "format": self.format,
            "quality": self.quality,
            "filename": self.filename,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class YoutubeSettings:
    """How YouTube is spoken to, where its ordinary way does not suffice."""

    pot_provider: str = key("", service_url(),
        "The bgutil-ytdlp-pot-provider that makes proof-of-origin tokens.")
    clients: tuple[str, ...] = key("", word_list(*PLAYER_CLIENTS),
        "The player clients that yt-dlp uses, in this order; [] leaves the choice to yt-dlp.")
    egress: tuple[str, ...] = key("", proxy_list(),
        "Proxies that share the downloads, each with its own pace; "
        '"" is the connection without a proxy.')


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSettings:
    """How fast videos are requested, so that YouTube does not take us for a robot."""

    burst: int = key("100", integer(1, 100_000),
        "How many videos may start at once after a quiet time.")
    per_hour: int = key("200", integer(0, 1_000_000),
        "How many videos may start per hour after that; 0 is no limit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How often a download is tried that fails in a way that may pass."""

    attempts: int = key("8", integer(1, 100), "How many tries a job has before it fails.")
    base: float = key("30s", duration(),
        "The pause before the second try; each further pause is three times as long.")
    cap: float = key("6h", duration(), "The longest pause between two tries.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """The limits of a new session, and its end."""

    max_jobs: int = key("10", integer(0, 1_000_000),
        "How many unfinished jobs a session may have; 0 is no limit.")
    over_limit: str = key("hold", choice("hold", "reject"),
        "hold: further links wait; reject: they are rejected.")
    max_bytes: int = key("0", size(),
        "How many bytes of finished audio a session may have; 0 is no limit.")
    ttl: float = key("24h", positive_duration(),
        "How long after its last activity a session with nothing left to do ends.")
    max_pending: float = key("14d", positive_duration(),
        "Unfinished jobs are cancelled after this time.")
    on_expiry: str = key("keep", choice("keep", "delete"),
        "Whether the finished audio of an ended session is kept or deleted.")
    trash_grace: float = key("1h", duration(),
        "With delete: how long the audio can still be recovered from downloads/.trash.")

    @property
    def quota(self) -> Quota:
        """The limits of a session that has none of its own."""
        return Quota(
            max_jobs=self.max_jobs,
            max_bytes=self.max_bytes,
            reject_over=self.over_limit == "reject",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSettings:
    """How playlists, albums and channels are listed."""

    resolvers: int = key("1", integer(1, 16),
        "How many collections are listed at the same time, beside the downloads.")
    max_items: int = key("500", integer(1, 100_000),
        "How many entries of a collection become jobs, unless its line says max_items; "
        "the receipt counts the others.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySettings:
    """How the library is laid out below a session's folder; docs/library.md."""

    single: str = key(DEFAULT_RULES.single, library_template(),
        "Songs that no collection lists.")
    album: str = key(DEFAULT_RULES.album, library_template(),
        "Songs of an album.")
    playlist: str = key(DEFAULT_RULES.playlist, library_template(),
        "Entries of a playlist.")
    channel: str = key(DEFAULT_RULES.channel, library_template(),
        "Videos of a channel.")
    playlists: bool = key("true", yes_or_no(),
        "An .m3u8 for each collection, which players show as a playlist.")
    cover: bool = key("true", yes_or_no(), "A cover.jpg beside an album.")

    @property
    def rules(self) -> LibraryRules:
        """The rules of a session that has none of its own."""
        names = (field.name for field in fields(LibraryRules))
        return LibraryRules(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    """How drops are found and filed."""

    settle: float = key("2s", duration(high=3600),
        "A drop is read when it has not changed for this time.")
    rescan: float = key("30s", positive_duration(high=86_400),
        "How often all folders are searched for drops, whatever the kernel reports.")
    after_intake: str = key("move", choice("move", "keep"),
        "move: a drop that was read moves to processed/; "
        "keep: it stays, and is read again when its content changes.")
    max_file_size: int = key("64MiB", size(low=1, high=1 << 30), "Bigger drops are rejected.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSettings:
    """The free space that downloads leave alone."""

    reserve: int = key("1GiB", size(), "No download starts while less space than this is free.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSettings:
    """The status files."""

    interval: float = key("500ms", positive_duration(high=60),
        "The shortest time between two writes of a status file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long history is kept; no audio is deleted with it."""

    receipts: float = key("30d", positive_duration(),
        "How long after the drop its receipt for programs is removed.")
    finalized: float = key("365d", positive_duration(),
        "How long after its last activity an ended session is removed from the ledger.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """yt-dlp, which must follow YouTube; `ytaudio engine` does it by hand."""

    channel: str = key("stable", choice("stable", "nightly"),
        "Which releases of yt-dlp are used; nightly ones follow YouTube's changes sooner.")
    auto_upgrade: str = key("daily", choice("daily", "off"),
        "daily: a newer yt-dlp is fetched, checked and used without being asked.")
    canary: tuple[str, ...] = key("", link_list(),
        "Links that a new yt-dlp must be able to download; [] uses the last finished jobs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """The receivers of notifications. Their addresses are never shown in full."""

    urls: tuple[str, ...] = key("", apprise_urls(),
        "Apprise addresses of people (extra notify); they get one message for all recent events.")
    webhook: str = key("", web_url(), "An address to which each event is sent as JSON, by POST.")
    command: tuple[str, ...] = key("", command_line(),
        "A program that is run for each event, without a shell, with the same JSON on its "
        "standard input.")
    on: tuple[str, ...] = key(" ".join(EVENTS), word_list(*EVENTS),
        "The events that are reported.")
    gather: float = key("30s", duration(high=86_400),
        "People get one message for everything that happens within this time.")
    timeout: float = key("30s", positive_duration(high=3600),
        "The longest time for one delivery, or one run of the command.")
    give_up: float = key("24h", positive_duration(),
        "A message that could not be delivered for this time is dropped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The daemon's log."""

    level: str = key("info", choice("debug", "info", "warning", "error"),
        "The lowest level that is logged.")
    format: str = fixed_key("auto", choice("auto", "console", "json"),
        "auto: console on a terminal, fields in the journal, otherwise json.")
    directory: Path | None = fixed_key("", optional_path(),
        'Where app.log and error.log are written; "" logs to standard error only.')
