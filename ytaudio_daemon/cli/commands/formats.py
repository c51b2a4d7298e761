"""`formats`: prints formats, qualities and the fields of file names, each with its use."""

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.model.filename_fields import FILENAME_FIELDS, FILENAME_RULES
from ytaudio_daemon.model.options import ALWAYS_ENCODED, FORMATS, LOSSLESS, QUALITIES

CODECS = {
    "mp3": "MP3",
    "m4a": "AAC",
    "wav": "PCM",
    "flac": "FLAC",
    "ogg": "Vorbis",
    "opus": "Opus",
}
QUALITY_DESCRIPTIONS = {
    "bestaudio": "the best audio; for m4a the best AAC, for opus the best Opus",
    "worstaudio": "the smallest audio, chosen likewise",
    "best": "the sound of the best video with sound",
    "worst": "the sound of the smallest video with sound",
}


def run(context: CommandContext) -> int:
    """Print the formats, the qualities and the fields of file names."""
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.formats/1",
                "formats": {name: _format_document(name) for name in FORMATS},
                "qualities": {name: QUALITY_DESCRIPTIONS[name] for name in QUALITIES},
                "filename_fields": {
                    name: field._asdict() for name, field in FILENAME_FIELDS.items()
                },
            }
        )
        return Exit.OK
    with context.output.paged():
        _print(context)
    return Exit.OK


def _print(context: CommandContext) -> None:
    rows = [(name, CODECS[name], conversion_text(name)) for name in FORMATS]
    context.output.table(("FORMAT", "CODEC", "HOW IT IS MADE"), rows, wraps=True)
    context.output.line()
    rows = [(name, "", QUALITY_DESCRIPTIONS[name]) for name in QUALITIES]
    context.output.table(("QUALITY", "", "WHAT IS FETCHED"), rows, wraps=True)
    context.output.line()
    _print_filename_fields(context)


def _print_filename_fields(context: CommandContext) -> None:
    fields = FILENAME_FIELDS.items()
    context.output.table(
        ("FILENAME", "MUSIC TRACK", "MUSIC VIDEO", "TALK"),
        [
            (f"%({name})s", *(value or "-" for value in field[:3]))
            for name, field in fields
        ],
    )
    context.output.line()
    rows = [(f"%({name})s", field.fallback) for name, field in fields]
    context.output.table(("FILENAME", "WHERE YOUTUBE HAS NONE"), rows, wraps=True)
    context.output.line()
    for sentence in FILENAME_RULES:
        context.output.line(sentence)


def conversion_text(name: str) -> str:
    """Return in words how a format is made from YouTube's audio."""
    if name in LOSSLESS:
        return (
            "decoded; bigger than the source and no better: YouTube serves lossy audio"
        )
    if name in ALWAYS_ENCODED:
        return "encoded at the bitrate asked for, else that of [download] bitrate"
    return f"copied when YouTube serves {CODECS[name]}; encoded when a bitrate is asked for"


def _format_document(name: str) -> dict[str, object]:
    return {
        "codec": CODECS[name],
        "lossless": name in LOSSLESS,
        "may_be_copied": name not in LOSSLESS | ALWAYS_ENCODED,
        "how": conversion_text(name),
    }
