"""Documents of commands: check, config, doctor, formats, notify test, relayout, wait."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.model.listing import KINDS
from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    PART,
    SWITCHED_OFF,
    Count,
    Keywords,
    LineNumber,
    Positive,
    Uuid,
    one_of,
)
from ytaudio_daemon.schemas.job import JobError, JobOptions
from ytaudio_daemon.schemas.preview import CollectionPreview, PreviewSums
from ytaudio_daemon.schemas.receipt import LINE_RESULTS, LineCounts


class CheckedLine(TypedDict):
    """One line."""

    line: Annotated[Positive, "Its number in the file."]
    part: Annotated[Positive | None, PART]
    text: Annotated[str, "As it stands there, with its options on the lines below."]
    result: Annotated[str, LINE_RESULTS, "What it would become."]
    url: Annotated[str | None, "The canonical link; null where there is none."]
    collection: Annotated[
        Annotated[str, one_of(KINDS)] | None,
        "What the link names, if that is no single video.",
    ]
    preview: Annotated[
        CollectionPreview | None,
        "With --expand, what that comes to; null for a video or when it failed.",
    ]
    preview_error: Annotated[
        JobError | None, "With --expand, why it could not be listed; null otherwise."
    ]
    options: Annotated[
        JobOptions | None, "The options in force; null when it is rejected."
    ]
    duplicate_of_line: Annotated[
        Positive | None, "The line that asks for the same audio; null otherwise."
    ]
    duplicate_of_part: Annotated[Positive | None, "The part of that line."]
    code: Annotated[str | None, "Why it would be rejected: stable, e.g. not_a_url."]
    message: Annotated[
        str | None, "The same in a sentence; of a corrected link, how it was read."
    ]


class CheckDocument(TypedDict):
    """What `ytaudio check FILE --json` prints: what would happen to each line."""

    schema: Annotated[Literal["ytaudio.check/1"], NAME_OF_FORM]
    file: Annotated[str, "Its name; `standard input` for -."]
    problem: Annotated[str | None, "Why nothing in it can be used; null otherwise."]
    counts: LineCounts
    lines: Annotated[
        list[CheckedLine],
        "Every line that is neither blank nor a comment; of several links in a line,"
        " each.",
    ]
    switched_off: Annotated[list[LineNumber], SWITCHED_OFF]
    expanded: Annotated[
        PreviewSums | None,
        "With --expand, all playlists, albums and channels together; `done_at` counts the"
        " single videos, too. null otherwise.",
    ]


class SettingInEffect(TypedDict):
    """One setting."""

    value: Annotated[str, "As it would stand in the config file."]
    origin: Annotated[
        str, "Where it comes from: the file, a variable, a flag, or default."
    ]


class ConfigDocument(TypedDict):
    """What `ytaudio config --json` prints: the settings in effect. Secrets are hidden."""

    schema: Annotated[Literal["ytaudio.config/1"], NAME_OF_FORM]
    config_file: Annotated[str | None, "The file that was read; null for none."]
    settings: Annotated[dict[str, SettingInEffect], "By `section.key`."]


class ConfigKey(TypedDict):
    """One key."""

    default: Annotated[str, "Its value where nothing is set."]
    allowed: Annotated[str, "What it may be, in words."]
    meaning: Annotated[str, "What it is for."]
    variable: Annotated[
        str,
        Keywords(pattern="^YTAUDIO_[A-Z_]+$"),
        "The environment variable that sets it.",
    ]
    live: Annotated[bool, "A reload takes it up; otherwise a restart is needed."]


class ConfigKeysDocument(TypedDict):
    """What `ytaudio config --keys --json` prints: every key there is."""

    schema: Annotated[Literal["ytaudio.config-keys/1"], NAME_OF_FORM]
    keys: Annotated[dict[str, ConfigKey], "By `section.key`."]


class FindingDocument(TypedDict):
    """One thing that was looked at."""

    name: Annotated[
        str,
        Keywords(pattern="^[a-z][a-z_]*$"),
        "What: snake-case, stable, e.g. `ffmpeg`. `session_folder` may come several"
        " times.",
    ]
    health: Annotated[
        str,
        one_of(("ok", "warning", "broken")),
        "`broken`: jobs cannot succeed, or are in danger (exit status 6). `warning`: it"
        " works, but somebody should look at it.",
    ]
    message: Annotated[
        str,
        Keywords(min_length=1),
        "What was found, and what that means for whoever uses the daemon.",
    ]
    remedy: Annotated[
        str, 'What to do, a command where there is one; "" when nothing need be done.'
    ]


class DoctorDocument(TypedDict):
    """What `ytaudio doctor --json` found."""

    schema: Annotated[Literal["ytaudio.doctor/1"], NAME_OF_FORM]
    findings: Annotated[
        list[FindingDocument],
        "One for each thing that was looked at; of session folders only those that need"
        " attention.",
    ]


class FormatDocument(TypedDict):
    """One format."""

    codec: Annotated[str, "Of the audio in it."]
    lossless: Annotated[bool, "It keeps every sample."]
    may_be_copied: Annotated[bool, "YouTube's own audio can be taken as it is."]
    how: Annotated[str, "How it is made, in words."]


class FilenameFieldDocument(TypedDict):
    """One field."""

    music_track: Annotated[str, "Its value for a track with music data."]
    music_video: Annotated[str, "Its value for a music video without such data."]
    talk: Annotated[str, "Its value for any other video."]
    fallback: Annotated[str, "What it is where YouTube has no such value."]


class FormatsDocument(TypedDict):
    """What `ytaudio formats --json` prints."""

    schema: Annotated[Literal["ytaudio.formats/1"], NAME_OF_FORM]
    formats: Annotated[dict[str, FormatDocument], "By name."]
    qualities: Annotated[dict[str, str], "What is fetched, by name."]
    filename_fields: Annotated[
        dict[str, FilenameFieldDocument], "The fields of `filename`, with examples."
    ]


class TriedReceiver(TypedDict):
    """One receiver."""

    receiver: Annotated[str, "Its name; of its address only the service or the host."]
    ok: Annotated[bool, "It was reported."]
    said: Annotated[str, "What it answered, in words without secrets."]


class NotifyTestDocument(TypedDict):
    """What `ytaudio notify test --json` prints."""

    schema: Annotated[Literal["ytaudio.notify-test/1"], NAME_OF_FORM]
    receivers: Annotated[
        list[TriedReceiver],
        "Everybody whom [notify] names, in the order of the config.",
    ]


class WaitDocument(TypedDict):
    """What `ytaudio wait --json` prints, and `add --wait` stands for."""

    schema: Annotated[Literal["ytaudio.wait/1"], NAME_OF_FORM]
    unfiled: Annotated[Count, "Drops that were not taken yet."]
    unfinished: Annotated[Count, "Jobs that are not finalized."]
    completed: Annotated[Count, "Jobs that are done."]
    failed: Annotated[Count, "Jobs that failed for good."]
    cancelled: Annotated[Count, "Jobs that were cancelled."]
    rejected: Annotated[Count, "Lines that were refused."]


class RelaidFile(TypedDict):
    """A file of the library."""

    session: Annotated[str, "Its session's name."]
    job: Annotated[Uuid, "The job whose audio it is."]
    path: Annotated[str, "Where it was, from the session's folder in the library."]
    new_path: Annotated[
        str | None, "Where it is, or would be if the name is free; null when it stays."
    ]
    error: Annotated[str | None, "Why it could not be moved; null otherwise."]


class LibraryRelayoutDocument(TypedDict):
    """What `ytaudio library relayout --json` did, or would do."""

    schema: Annotated[Literal["ytaudio.library-relayout/1"], NAME_OF_FORM]
    library: Annotated[str, "The library's folder, absolute."]
    applied: Annotated[bool, "Whether files were moved (--apply)."]
    in_place: Annotated[Count, "Files that are where they belong."]
    moved: Annotated[list[RelaidFile], "Files that were moved, or would be."]
    kept: Annotated[
        list[RelaidFile],
        "Files that somebody has changed, moved or removed: they stay so.",
    ]
    failed: Annotated[list[RelaidFile], "Files that cannot be moved (exit status 1)."]
