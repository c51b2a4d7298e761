"""`formats`: prints the formats and qualities, and how each is made."""

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
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
    """Print the formats and qualities."""
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.formats/1",
                "formats": {name: _format_document(name) for name in FORMATS},
                "qualities": {name: QUALITY_DESCRIPTIONS[name] for name in QUALITIES},
            }
        )
        return Exit.OK
    rows = [(name, CODECS[name], conversion_text(name)) for name in FORMATS]
    context.output.table(("FORMAT", "CODEC", "HOW IT IS MADE"), rows)
    context.output.line()
    rows = [(name, "", QUALITY_DESCRIPTIONS[name]) for name in QUALITIES]
    context.output.table(("QUALITY", "", "WHAT IS FETCHED"), rows)
    return Exit.OK


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
