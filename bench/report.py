"""The document: prose around the figures of one run."""

from collections.abc import Sequence

from bench import machine
from bench.findings import Finding, Section, table

#: The document's last section: the soak writes it (`soak.document`), and we keep it.
BEARS = "## What it bears"

_INTRODUCTION = """\
# How fast and how big it is

This file is written by `make bench` (its last section by the soak); do not edit it.
Everything runs on one machine in one run, against the tests' own YouTube (`tests/youtube`), a local origin that the real yt-dlp talks to.
Nothing here says how fast YouTube is; the figures say what we add to it.

- Styles take turns (A B C, C B A), three rounds (one with `--quick`, and fewer where the machine is too slow for three); a figure is the median of its rounds.
- Links a second: a ratio is the median of its rounds' ratios, so that it compares runs that were near each other. In brackets stand the least and the most of the rounds:
  the floor's are the same work each time, so what its rounds differ by is the machine. A change within the brackets of two runs is none.
- Media are made before anything is timed.
- Each group says how loaded the machine was. Ratios and CPU bear other work beside them; walls and latencies only on quiet cores are what the daemon does.
- CPU is user plus system time of all processes concerned, ended ones included; the origin's own is in a column of its own.
- "The same result" means: the audio in the wanted format with title, tags and cover inside; each run's files are counted and one is read back.
- Peers have a home and a cache of their own, warmed by an earlier run, the same ffmpeg and the same JavaScript runtime.
- MeTube and YTPTube are measured by a driver that calls yt-dlp as they do, with their parameters, processes and default concurrency, without their servers and pauses (`bench/web_apps.py`).
- The daemon is as shipped, but for settling time, pace and quota, which are politeness and not speed; "cold start" runs from `exec` with the drop already lying there.
- The floor is one conversion and one full decode of each file by ffmpeg, two at once: proving the result is a part of what we promise, and no peer does it.
"""


def document(sections: Sequence[Section], *, command: str, minutes: float) -> str:
    """Return the whole document as Markdown."""
    facts = "".join(f"- {name}: {value}\n" for name, value in machine.describe())
    run = f"## This run\n\n`{command}`, {minutes:.0f} minutes\n\n{facts}"
    body = "\n".join(_section(section) for section in sections)
    findings = [finding for section in sections for finding in section.findings]
    return "\n".join((_INTRODUCTION, run, _behind(findings), body))


def kept(old: str) -> str:
    """Return the section of an older document that is not ours to measure."""
    _, found, rest = old.partition(BEARS)
    return f"\n{found}{rest}"


def _behind(findings: Sequence[Finding]) -> str:
    missed = [finding for finding in findings if finding.met is False]
    judged = [finding for finding in findings if finding.met is not None]
    head = f"## Where we are behind\n\n{len(judged) - len(missed)} of {len(judged)} goals are met.\n"
    return head + "".join(f"- {_sentence(finding)}\n" for finding in missed)


def _sentence(finding: Finding) -> str:
    if not finding.goal:
        return f"{finding.what}: {finding.measured}."
    why = f" ({finding.why})" if finding.why else ""
    return f"{finding.what}: {finding.measured}, the goal is {finding.goal}{why}."


def _section(section: Section) -> str:
    rows = [
        (finding.what, finding.goal or "-", finding.measured, _mark(finding.met))
        for finding in section.findings
    ]
    load = f"{section.load}\n\n" if section.load else ""
    head = ("", "goal", "measured", "met?")
    text = f"## {section.title}\n\n{load}{table(head, rows)}"
    return f"{text}\n{section.detail}" if section.detail else text


def _mark(met: bool | None) -> str:  # noqa: FBT001 - the only argument
    return {True: "yes", False: "**no**", None: "-"}[met]
