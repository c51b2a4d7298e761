"""The sections that say how drops become audio, each key declared once. Pure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ytaudio_daemon.model.options import FORMATS, QUALITIES, Layer
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.settings import value_types
from ytaudio_daemon.settings.keys import declare_key


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """What is made of a link when neither session, file nor line says otherwise."""

    workers: Annotated[
        int, declare_key("3", value_types.integer(1, 64), "Downloads at once.")
    ]
    converters: Annotated[
        int,
        declare_key(
            "0",
            value_types.integer(0, 256),
            "Conversions at once; 0 is one a processor core.",
        ),
    ]
    format: Annotated[
        str,
        declare_key(
            "mp3",
            value_types.download_option("format", " ".join(FORMATS)),
            "The format of the audio.",
        ),
    ]
    quality: Annotated[
        str,
        declare_key(
            "bestaudio",
            value_types.download_option("quality", " ".join(QUALITIES)),
            "Which source is fetched; best and worst are videos, for their sound.",
        ),
    ]
    bitrate: Annotated[
        str,
        declare_key(
            "192k",
            value_types.download_option("bitrate", "16k to 512k"),
            "Where audio must be encoded to a lossy format.",
        ),
    ]
    filename: Annotated[
        str,
        declare_key(
            "%(title)s",
            value_types.download_option(
                "filename",
                "words and any of %(title)s %(artist)s %(album)s %(track)s %(date)s %(id)s "
                "%(channel)s",
            ),
            "How results are named, without the ending.",
        ),
    ]
    max_duration: Annotated[
        float,
        declare_key(
            "12h",
            value_types.duration(may_be_zero=True),
            "Longer videos are refused; 0 is no limit.",
        ),
    ]
    max_size: Annotated[
        int,
        declare_key(
            "4GiB", value_types.size(), "Bigger downloads are refused; 0 is no limit."
        ),
    ]
    deadline: Annotated[
        float,
        declare_key(
            "3h",
            value_types.duration(may_be_zero=True),
            "A try may take so long; 0 is no limit.",
        ),
    ]
    stall_timeout: Annotated[
        float,
        declare_key(
            "60s",
            value_types.duration(may_be_zero=True),
            "A try is given up when no byte came for so long; 0 is never.",
        ),
    ]
    rate_limit: Annotated[
        int,
        declare_key(
            "",
            value_types.size(nothing=""),
            'Bytes a second for each download; "" is no limit.',
        ),
    ]
    proxy: Annotated[
        str,
        declare_key(
            "", value_types.proxy_url(), "All requests to YouTube go through it."
        ),
    ]
    ca_file: Annotated[
        Path | None,
        declare_key(
            "",
            value_types.path(may_be_empty=True),
            "Certificate authorities to trust, a PEM file.",
        ),
    ]
    cookies_file: Annotated[
        Path | None,
        declare_key(
            "",
            value_types.path(may_be_empty=True),
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
class PaceSettings:
    """How fast YouTube is asked, so that it does not take us for a robot."""

    burst: Annotated[
        int,
        declare_key(
            "30", value_types.integer(1, 100_000), "Videos at once, after a rest."
        ),
    ]
    per_hour: Annotated[
        int,
        declare_key(
            "300",
            value_types.integer(0, 1_000_000),
            "Videos an hour after that; 0 is no limit.",
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """What happens when a download fails in a way that may pass."""

    attempts: Annotated[
        int,
        declare_key("8", value_types.integer(1, 100), "Tries before a job has failed."),
    ]
    base: Annotated[
        float,
        declare_key(
            "30s",
            value_types.duration(may_be_zero=True),
            "The first wait; each is three times the one before.",
        ),
    ]
    cap: Annotated[
        float,
        declare_key("6h", value_types.duration(may_be_zero=True), "The longest wait."),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What a new session may use, and how it ends."""

    max_jobs: Annotated[
        int,
        declare_key(
            "10",
            value_types.integer(0, 1_000_000),
            "Unfinished jobs at once; 0 is no limit.",
        ),
    ]
    over_limit: Annotated[
        str,
        declare_key(
            "hold",
            value_types.choice("hold", "reject"),
            "hold: further links wait; reject: they are refused.",
        ),
    ]
    max_bytes: Annotated[
        int,
        declare_key("0", value_types.size(), "Bytes of finished audio; 0 is no limit."),
    ]
    ttl: Annotated[
        float,
        declare_key(
            "24h",
            value_types.duration(may_be_zero=False),
            "A session with nothing left to do ends so long after its last activity.",
        ),
    ]
    max_pending: Annotated[
        float,
        declare_key(
            "14d",
            value_types.duration(may_be_zero=False),
            "Unfinished jobs are given up after so long.",
        ),
    ]
    on_expiry: Annotated[
        str,
        declare_key(
            "keep",
            value_types.choice("keep", "delete"),
            "Whether the finished audio of an ended session stays.",
        ),
    ]
    trash_grace: Annotated[
        float,
        declare_key(
            "1h",
            value_types.duration(may_be_zero=True),
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
class InboxSettings:
    """How drops are taken."""

    settle: Annotated[
        float,
        declare_key(
            "2s",
            value_types.duration(may_be_zero=True, high=3600),
            "A drop is taken when it has not changed for so long.",
        ),
    ]
    rescan: Annotated[
        float,
        declare_key(
            "30s",
            value_types.duration(may_be_zero=False, high=86_400),
            "All folders are looked through so often, whatever the kernel reports.",
        ),
    ]
    after_intake: Annotated[
        str,
        declare_key(
            "move",
            value_types.choice("move", "keep"),
            "move: a taken drop goes to processed/; keep: it stays, and is taken again "
            "when its content changes.",
        ),
    ]
    max_file_size: Annotated[
        int,
        declare_key(
            "64MiB", value_types.size(low=1, high=1 << 30), "Bigger drops are rejected."
        ),
    ]
