"""Every key there is, declared once: default, kind, meaning. Pure.

`config/ytaudio.toml`, the environment variables, `ytaudio config` and the error
messages all follow from these declarations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from ytaudio_daemon.model.options import FORMATS, QUALITIES, Layer
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.settings import kinds
from ytaudio_daemon.settings.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the config file.

    Attributes:
        section, name: As in the file.
        default: As it would stand in the file, without quotes.
        kind: What its value may be.
        doc: What it means, one or two sentences.
        is_live: A running daemon takes a new value up on SIGHUP.
    """

    section: str
    name: str
    default: str
    kind: Kind
    doc: str
    is_live: bool

    @property
    def full_name(self) -> str:
        """`section.key`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return f"YTAUDIO_{self.section}_{self.name}".upper()

    @property
    def toml_default(self) -> str:
        """The default, as the file has it."""
        return self.default if str not in self.kind.toml_types else f'"{self.default}"'


@dataclass(frozen=True, slots=True)
class _Declared:
    """What stands beside a key's type in the sections below; see `Key`."""

    default: str
    kind: Kind
    doc: str
    is_live: bool = True


def _key(default: str, kind: Kind, doc: str, *, live: bool = True) -> _Declared:
    return _Declared(default, kind, doc, live)


def _folder(default: str, doc: str, *, may_be_empty: bool = False) -> _Declared:
    return _Declared(default, kinds.path(may_be_empty=may_be_empty), doc, is_live=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where everything lies. Relative folders are taken from root."""

    root: Annotated[
        Path,
        _folder("..", "The root of all folders; relative to the folder of this file."),
    ]
    inbox: Annotated[
        Path, _folder("inbox", "Drop files with links here, a folder a session.")
    ]
    downloads: Annotated[
        Path, _folder("downloads", "Results, and the work in progress.")
    ]
    library: Annotated[
        Path | None,
        _folder(
            "library",
            'The same audio under names people can find; "" switches it off.',
            may_be_empty=True,
        ),
    ]
    status: Annotated[
        Path, _folder("status", "Status files and receipts for programs.")
    ]
    state: Annotated[Path, _folder("state", "The daemon's own: ledger, caches.")]
    umask: Annotated[
        int,
        _key(
            "0022",
            kinds.file_mode_mask(),
            "Permissions taken from everything that is made.",
            live=False,
        ),
    ]
    group: Annotated[
        str,
        _key(
            "",
            kinds.group_name(),
            "When set, folders are made setgid for this group.",
            live=False,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The ledger of sessions and jobs."""

    url: Annotated[
        str,
        _key(
            "",
            kinds.database_url(),
            'Where the ledger is; "" is SQLite in the state folder.',
            live=False,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What is made of a link when neither session, file nor line says otherwise."""

    workers: Annotated[int, _key("3", kinds.whole(1, 64), "Downloads at once.")]
    converters: Annotated[
        int,
        _key(
            "0", kinds.whole(0, 256), "Conversions at once; 0 is one a processor core."
        ),
    ]
    format: Annotated[
        str,
        _key(
            "mp3", kinds.option("format", " ".join(FORMATS)), "The format of the audio."
        ),
    ]
    quality: Annotated[
        str,
        _key(
            "bestaudio",
            kinds.option("quality", " ".join(QUALITIES)),
            "Which source is fetched; best and worst are videos, for their sound.",
        ),
    ]
    bitrate: Annotated[
        str,
        _key(
            "192k",
            kinds.option("bitrate", "16k to 512k"),
            "Where audio must be encoded to a lossy format.",
        ),
    ]
    filename: Annotated[
        str,
        _key(
            "%(title)s",
            kinds.option(
                "filename",
                "words and any of %(title)s %(artist)s %(album)s %(track)s %(date)s %(id)s "
                "%(channel)s",
            ),
            "How results are named, without the ending.",
        ),
    ]
    max_duration: Annotated[
        float,
        _key(
            "12h",
            kinds.duration(may_be_zero=True),
            "Longer videos are refused; 0 is no limit.",
        ),
    ]
    max_size: Annotated[
        int, _key("4GiB", kinds.size(), "Bigger downloads are refused; 0 is no limit.")
    ]
    deadline: Annotated[
        float,
        _key(
            "3h",
            kinds.duration(may_be_zero=True),
            "A try may take so long; 0 is no limit.",
        ),
    ]
    stall_timeout: Annotated[
        float,
        _key(
            "60s",
            kinds.duration(may_be_zero=True),
            "A try is given up when no byte came for so long; 0 is never.",
        ),
    ]
    rate_limit: Annotated[
        int,
        _key(
            "",
            kinds.size(nothing=""),
            'Bytes a second for each download; "" is no limit.',
        ),
    ]
    proxy: Annotated[
        str, _key("", kinds.proxy_url(), "All requests to YouTube go through it.")
    ]
    ca_file: Annotated[
        Path | None,
        _key(
            "",
            kinds.path(may_be_empty=True),
            "Certificate authorities to trust, a PEM file.",
        ),
    ]
    cookies_file: Annotated[
        Path | None,
        _key(
            "",
            kinds.path(may_be_empty=True),
            "Cookies of a YouTube account, in Netscape format. They can get the account "
            "blocked.",
        ),
    ]

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
class Pace:
    """How fast YouTube is asked, so that it does not take us for a robot."""

    burst: Annotated[
        int, _key("30", kinds.whole(1, 100_000), "Videos at once, after a rest.")
    ]
    per_hour: Annotated[
        int,
        _key(
            "300",
            kinds.whole(0, 1_000_000),
            "Videos an hour after that; 0 is no limit.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What happens when a download fails in a way that may pass."""

    attempts: Annotated[
        int, _key("8", kinds.whole(1, 100), "Tries before a job has failed.")
    ]
    base: Annotated[
        float,
        _key(
            "30s",
            kinds.duration(may_be_zero=True),
            "The first wait; each is three times the one before.",
        ),
    ]
    cap: Annotated[
        float, _key("6h", kinds.duration(may_be_zero=True), "The longest wait.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What a new session may use, and how it ends."""

    max_jobs: Annotated[
        int,
        _key(
            "10", kinds.whole(0, 1_000_000), "Unfinished jobs at once; 0 is no limit."
        ),
    ]
    over_limit: Annotated[
        str,
        _key(
            "hold",
            kinds.choice("hold", "reject"),
            "hold: further links wait; reject: they are refused.",
        ),
    ]
    max_bytes: Annotated[
        int, _key("0", kinds.size(), "Bytes of finished audio; 0 is no limit.")
    ]
    ttl: Annotated[
        float,
        _key(
            "24h",
            kinds.duration(may_be_zero=False),
            "A session with nothing left to do ends so long after its last activity.",
        ),
    ]
    max_pending: Annotated[
        float,
        _key(
            "14d",
            kinds.duration(may_be_zero=False),
            "Unfinished jobs are given up after so long.",
        ),
    ]
    on_expiry: Annotated[
        str,
        _key(
            "keep",
            kinds.choice("keep", "delete"),
            "Whether the finished audio of an ended session stays.",
        ),
    ]
    trash_grace: Annotated[
        float,
        _key(
            "1h",
            kinds.duration(may_be_zero=True),
            "With delete: how long the audio can still be taken out of downloads/.trash.",
        ),
    ]

    @property
    def quota(self) -> Quota:
        """The limits of a session that has none of its own."""
        return Quota(
            max_jobs=self.max_jobs,
            max_bytes=self.max_bytes,
            reject_over=self.over_limit == "reject",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """How drops are taken."""

    settle: Annotated[
        float,
        _key(
            "2s",
            kinds.duration(may_be_zero=True, high=3600),
            "A drop is taken when it has not changed for so long.",
        ),
    ]
    rescan: Annotated[
        float,
        _key(
            "30s",
            kinds.duration(may_be_zero=False, high=86_400),
            "All folders are looked through so often, whatever the kernel reports.",
        ),
    ]
    after_intake: Annotated[
        str,
        _key(
            "move",
            kinds.choice("move", "keep"),
            "move: a taken drop goes to processed/; keep: it stays, and is taken again "
            "when its content changes.",
        ),
    ]
    max_file_size: Annotated[
        int,
        _key("64MiB", kinds.size(low=1, high=1 << 30), "Bigger drops are rejected."),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What is left to others."""

    reserve: Annotated[
        int, _key("1GiB", kinds.size(), "Nothing is fetched below so much space.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status files."""

    interval: Annotated[
        float,
        _key(
            "500ms",
            kinds.duration(may_be_zero=False, high=60),
            "Each is rewritten at most so often.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """When history is forgotten; audio is never touched by it."""

    receipts: Annotated[
        float,
        _key(
            "30d",
            kinds.duration(may_be_zero=False),
            "Receipts for programs are removed so long after the drop.",
        ),
    ]
    finalized: Annotated[
        float,
        _key(
            "365d",
            kinds.duration(may_be_zero=False),
            "Finished jobs leave the ledger after so long.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the daemon tells of itself."""

    level: Annotated[
        str,
        _key(
            "info", kinds.choice("debug", "info", "warning", "error"), "The least told."
        ),
    ]
    format: Annotated[
        str,
        _key(
            "auto",
            kinds.choice("auto", "console", "json"),
            "auto: console on a terminal, else json.",
            live=False,
        ),
    ]
    directory: Annotated[
        Path | None,
        _folder(
            "",
            'Where app.log and error.log are written; "" is standard error only.',
            may_be_empty=True,
        ),
    ]


SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "paths": Paths,
        "database": Database,
        "download": Download,
        "pace": Pace,
        "retry": Retry,
        "sessions": Sessions,
        "inbox": Inbox,
        "disk": Disk,
        "status": Status,
        "retention": Retention,
        "log": Log,
    }
)


def _declared() -> Iterator[Key]:
    for section, kind in SECTIONS.items():
        for name, annotation in kind.__annotations__.items():
            declared: _Declared = annotation.__metadata__[0]
            yield Key(
                section=section,
                name=name,
                default=declared.default,
                kind=declared.kind,
                doc=declared.doc,
                is_live=declared.is_live,
            )


#: By full name, in the order of the file.
KEYS: Mapping[str, Key] = MappingProxyType({key.full_name: key for key in _declared()})

#: What a running daemon takes up on SIGHUP; the rest needs a restart.
RELOADABLE: frozenset[str] = frozenset(k.full_name for k in KEYS.values() if k.is_live)
