"""Writes docs/failures.md: every failure of a fetch, what helps, and the texts it is known by.

`make failures` updates it, from `fetch.failure_catalog`, `model.hints` and
`tools/ytdlp_reasons.toml`.
"""

import sys
from collections.abc import Iterator, Sequence

from tools.ytdlp_reasons import Placements, placements
from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG, FailureSpec
from ytaudio_daemon.model import FailureKind, JobState
from ytaudio_daemon.model.hints import hint

HEAD = """\
# Why a link fails

Made by `make failures`; do not edit it. Each failed try has a **kind**, which decides what follows, and a
**code**, which is stable: go by it in programs. What a hint says depends on the job's state and the config; the
tables show it for an empty config: for a waiting job where the kind waits uncharged, for a failed one elsewhere. Codes of the machine and its disk that come from the kernel are in
[status-files.md](status-files.md#errors-of-the-host).

A failure is found by exception class, error number and HTTP status first, by texts afterwards: yt-dlp's own, and those
of YouTube that it passes on. "(warned)" is a text that yt-dlp only warns of while it says "No video formats found". A text that
nobody has placed is the code `unknown`, with its own words in the message; `python -m tools.ytdlp_reasons` lists
what a newer yt-dlp has brought, and the tests fail until it is placed.
"""
#: What follows from each kind, for the page.
CONSEQUENCES = {
    FailureKind.BLOCKED: "closes the gate `site`; waits, uncharged",
    FailureKind.OFFLINE: "closes the gate `network`; waits, uncharged",
    FailureKind.HOST: "closes the gate `host`; waits, uncharged",
    FailureKind.NOT_YET: "waits, uncharged, up to `[sessions] max_pending`",
    FailureKind.OUTDATED: "waits, uncharged, up to `[sessions] max_pending`",
    FailureKind.UNAVAILABLE: "failed at once; *twice*: only when it comes again after an hour",
    FailureKind.POLICY: "failed at once",
    FailureKind.TRANSIENT: "waits, charged, with growing pauses",
    FailureKind.TIMEOUT: "waits, charged, with growing pauses",
    FailureKind.BAD_MEDIA: "waits, charged; it is fetched again",
    FailureKind.CRASHED: "waits, charged; failed after three",
    FailureKind.UNKNOWN: "waits, charged, with growing pauses",
}


def failure_table() -> str:
    """Return the page."""
    placed = placements()
    return "\n".join([HEAD, *_kinds(), *_texts(placed), ""])


def _kinds() -> Iterator[str]:
    for kind, consequence in CONSEQUENCES.items():
        specs = {c: s for c, s in FAILURE_CATALOG.items() if s.kind is kind}
        if specs:
            yield f"## {kind}\n\nWhat follows: {consequence}.\n"
            yield "| code | what it says | what helps |\n|---|---|---|"
            yield from (_row(code, spec) for code, spec in specs.items())
            yield ""


def _row(code: str, spec: FailureSpec) -> str:
    twice = " (*twice*)" if spec.confirm else ""
    waits = "uncharged" in CONSEQUENCES[spec.kind]
    said = hint(
        kind=spec.kind,
        code=code,
        remedy=_remedy(spec),
        state=JobState.WAITING if waits else JobState.FAILED,
    )
    return f"| `{code}`{twice} | {_cell(spec.message)} | {_cell(said)} |"


def _remedy(spec: FailureSpec) -> str:
    """Return the remedy without the command that names this machine's Python."""
    return spec.remedy.partition(", or /")[0]


def _texts(placed: Placements) -> Iterator[str]:
    yield "## The texts\n"
    for code in FAILURE_CATALOG:
        rows = [*_youtube_rows(code, placed), *_ytdlp_rows(code, placed)]
        if rows:
            yield f"**`{code}`**\n"
            yield from rows
            yield ""


def _youtube_rows(code: str, placed: Placements) -> Sequence[str]:
    return [
        f"- {_quoted(text)}: YouTube ({source})"
        for text, placed_code, source in placed.youtube
        if placed_code == code
    ]


def _ytdlp_rows(code: str, placed: Placements) -> Iterator[str]:
    for text, placed_code in placed.errors.items():
        if placed_code == code:
            yield f"- {_quoted(text)}"
    for text, placed_code in placed.warnings.items():
        if placed_code == code:
            yield f"- {_quoted(text)} (warned)"


def _quoted(text: str) -> str:
    """Return a text as code on one line; "…" stands for what is filled in."""
    one_line = " ".join(text.replace("{}", "…").split())
    return f"`` {one_line} ``" if "`" in one_line else f"`{one_line}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(failure_table())
