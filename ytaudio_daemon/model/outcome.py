"""The request and the outcome of an attempt: plain data between processes. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from ytaudio_daemon.model.list_totals import ListTotals
from ytaudio_daemon.model.worker_values import check_types, storable

#: A finished attempt leaves these in its folder: the folder to publish, and its outcome.
JOB_DIR = "job"
RESULT_FILE = "result.json"
#: ... and in that folder, for a song of an album, its cover under one of these names.
COVER_FILES = ("cover.jpg", "cover.png")
#: When an account's cookies are sent: for the videos that are closed without them, with
#: every request, or not at all.
COOKIES_POLICIES = ("when_needed", "always", "never")
#: The schema named in RESULT_FILE.
RESULT_SCHEMA = "ytaudio.result/1"


class FailureKind(StrEnum):
    """The kind of a failure; `decide` chooses by it what follows."""

    #: Private, removed, members, geo, age, DRM: failed at once.
    UNAVAILABLE = "unavailable"
    #: Too long, too big, wrong ID: failed at once.
    POLICY = "policy"
    #: Live, premiere, still processing, or no token to be had: waits uncharged.
    NOT_YET = "not_yet"
    #: 429 or a bot check: closes the site gate, uncharged.
    BLOCKED = "blocked"
    #: No route, no DNS: closes the network gate, uncharged.
    OFFLINE = "offline"
    #: Disk full, ffmpeg or JS runtime missing, permissions: closes the host gate.
    HOST = "host"
    #: yt-dlp no longer understands YouTube: waits for an upgrade.
    OUTDATED = "outdated"
    #: Server errors, resets, cut bodies: charged, backoff.
    TRANSIENT = "transient"
    #: Deadline passed or bytes stopped coming: charged, backoff.
    TIMEOUT = "timeout"
    #: The audio does not decode, or not in full: charged, backoff, fetched again.
    BAD_MEDIA = "bad_media"
    #: The worker died without an outcome: charged, backoff; failed after three.
    CRASHED = "crashed"
    #: Anything else: charged, backoff, with the full text kept.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed attempt in words for people and codes for programs.

    Attributes:
        kind: Decides what follows.
        code: Snake-case, stable, e.g. `private_video`.
        message: One plain sentence; no URL query, no secret, no traceback.
        hint: The remedy: what a person can do, or ""; `model.hints.hint` makes of it what
            fits a job's state.
        retry_after_s: Seconds the site asked us to stay away, if it did.
        confirm: Counts only when it occurs twice (a bare "Video unavailable").
        log_tail: The last lines of yt-dlp's and ffmpeg's output, redacted.
    """

    kind: FailureKind
    code: str
    message: str
    hint: str = ""
    retry_after_s: float | None = None
    confirm: bool = False
    log_tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Finished and checked audio, in `<attempt folder>/job/audio/<file_name>`.

    Attributes:
        file_name: `<Title>.<ext>`, safe on every file system.
        size_bytes: Of the audio file.
        sha256: Of the audio file, hex.
        title: As YouTube names it, control characters removed.
        artist: Or None when YouTube names none.
        duration_s: Seconds of decoded audio.
        view_count: Or None.
        codec: Of the published audio: mp3, aac, pcm_s16le, flac, vorbis, opus.
        bitrate_bps: Average of the file.
        copied: The source's own audio stream, not re-encoded.
        note: A remark for the person, e.g. that flac from a lossy source gains nothing.
    """

    file_name: str
    size_bytes: int
    sha256: str
    title: str
    artist: str | None
    duration_s: float
    view_count: int | None
    codec: str
    bitrate_bps: int
    copied: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one attempt: a result or a failure, never both; neither for a good probe.

    Attributes:
        result: Set when the audio is ready to be published.
        listed: Set when a collection was listed to its end.
        failure: Set otherwise.
        downloaded_bytes: Fetched from the network by this attempt.
        engine: yt-dlp's version, or "".
        with_cookies: The audio was fetched with an account's cookies.
        cookies_state: What became of them: a `CookiesState`, or "" when none were sent.
        title, artist, duration_s, view_count: What is known, even of a failed attempt.
    """

    result: Result | None = None
    failure: Failure | None = None
    downloaded_bytes: int = 0
    engine: str = ""
    with_cookies: bool = False
    cookies_state: str = ""
    title: str | None = None
    artist: str | None = None
    duration_s: float | None = None
    view_count: int | None = None
    listed: ListTotals | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain = asdict(self)
        if self.listed is None:  # no part of what a job leaves on disk
            del plain["listed"]
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Outcome":
        """Rebuild an outcome from `to_json`, with texts that can be stored.

        Raises:
            TypeError, ValueError: The data is not an outcome.
        """
        fields = storable(dict(data))
        if (failure := fields.pop("failure", None)) is not None:
            kind = FailureKind(failure["kind"])
            fields["failure"] = Failure(**(failure | {"kind": kind}))
        if (result := fields.pop("result", None)) is not None:
            fields["result"] = Result(**result)
        if (listed := fields.pop("listed", None)) is not None:
            fields["listed"] = ListTotals(**listed)
        outcome = cls(**fields)
        check_types(outcome)
        return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one attempt, in seconds and bytes; 0 = no limit."""

    max_duration_s: float = 12 * 3600
    max_size_bytes: int = 4 << 30
    deadline_s: float = 3 * 3600
    stall_timeout_s: float = 60
    rate_limit_bps: int = 0
    #: Added to the priority's number of the worker and its programs, as by nice(1).
    nice: int = 0
    #: Free bytes that must remain on the work folder's file system.
    disk_reserve_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The connection to YouTube; "" where nothing is set.

    Attributes:
        proxy: All requests of the attempt go through it.
        ca_file: The certificate authorities to trust, a PEM file.
        cookies_file: An account's cookies, in Netscape format.
        cookies: When they are sent: one of `COOKIES_POLICIES`.
        stores_cookies: The file is the program's own: what YouTube refreshes is stored
            there.
        pot_provider: The address of the proof-of-origin token provider.
        player_clients: yt-dlp's names of the players to ask as; () is yt-dlp's choice.
    """

    proxy: str = ""
    ca_file: str = ""
    cookies_file: str = ""
    cookies: str = "when_needed"
    stores_cookies: bool = False
    pot_provider: str = ""
    player_clients: tuple[str, ...] = ()

    @property
    def may_use_cookies(self) -> bool:
        """Whether there are cookies, and they may be sent."""
        return bool(self.cookies_file) and self.cookies != "never"

    @property
    def always_uses_cookies(self) -> bool:
        """Whether there are cookies, and every request carries them."""
        return bool(self.cookies_file) and self.cookies == "always"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Network":
        """Rebuild it from plain JSON types."""
        return cls(**{**data, "player_clients": tuple(data["player_clients"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """Everything a worker gets; it does not read ledger, sessions or inbox.

    Attributes:
        key: The caller's name for the job (the daemon uses its UUID).
        attempt: Its number, from 1.
        url: The canonical link.
        video_id: The 11 characters; YouTube's response must have the same ID.
        is_music: The link was one of YouTube Music's.
        options: `Options.to_json()`.
        fallback_bitrate: For a lossy format whose source cannot be copied.
        attempt_dir: An existing folder, this attempt's own; the result appears here.
        earlier_dirs: Folders of earlier attempts; a finished source in one is adopted.
        cache_dir: yt-dlp's cache, shared by attempts.
        private_paths: Files and folders that it must not reach, but for those named
            here that lie in them; none: it is not confined.
        job_facts: Copied into `job.json` as they are (ids, session, source line).
        album_tags: Tags that the job's album gives: before the video's own, behind a
            person's.
        ffmpeg: Absolute path.
        ffmpeg_version: As `fetch.tools` found it, for `job.json`.
        js_runtime: `["deno", "/path"]` or `["node", "/path"]`, or [] for none.
        is_probe: Only find out whether YouTube hands the video out (`fetch.probe`).
    """

    key: str
    attempt: int
    url: str
    video_id: str
    options: Mapping[str, Any]
    fallback_bitrate: str
    attempt_dir: str
    earlier_dirs: tuple[str, ...] = ()
    cache_dir: str = ""
    private_paths: tuple[str, ...] = ()
    job_facts: Mapping[str, Any] = field(default_factory=dict)
    album_tags: Mapping[str, str] = field(default_factory=dict)
    ffmpeg: str = ""
    ffmpeg_version: str = ""
    js_runtime: tuple[str, ...] = ()
    is_music: bool = False
    limits: Limits = field(default_factory=Limits)
    network: Network = field(default_factory=Network)
    is_probe: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "FetchRequest":
        """Rebuild a request from `to_json`."""
        fields = dict(data)
        fields["limits"] = Limits(**fields["limits"])
        fields["network"] = Network.from_json(fields["network"])
        fields["earlier_dirs"] = tuple(fields["earlier_dirs"])
        fields["private_paths"] = tuple(fields["private_paths"])
        fields["js_runtime"] = tuple(fields["js_runtime"])
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a running attempt; numbers are None while unknown."""

    phase: str
    percent: float | None = None
    downloaded_bytes: int | None = None
    total_bytes: int | None = None
    speed_bps: float | None = None
    eta_s: float | None = None
    title: str | None = None
