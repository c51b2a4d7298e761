"""Measure everything and write it down: `python -m bench --help`."""

import argparse
import shlex
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path

from bench import (
    commands,
    flood,
    growth,
    idle,
    latency,
    ledger,
    links,
    lists,
    report,
    session_size,
    slow,
)
from bench.findings import Finding, Measure, Section, Setting
from bench.load import Load
from tests.youtube import YouTube

MEASURES: dict[str, Measure] = {
    "links": links.measure,
    "lists": lists.measure,
    "slow": slow.measure,
    "latency": latency.measure,
    "idle": idle.measure,
    "commands": commands.measure,
    "growth": growth.measure,
    "flood": flood.measure,
    "ledger": ledger.measure,
    "session_size": session_size.measure,
}

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> None:
    """Run the chosen measurements and report."""
    options = _parser().parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ytaudio-bench-") as folder:
        sections = _measure(options, Path(folder))
    command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
    minutes = (time.monotonic() - began) / 60
    text = report.document(sections, command=command, minutes=minutes)
    out = options.out or (None if options.only or options.quick else DOCUMENT)
    if out is None:
        print(text)
    else:
        old = out.read_text() if out.exists() else ""
        out.write_text(text + report.kept(old))
        print(f"Written to {out} after {minutes:.0f} minutes.")


def _measure(options: argparse.Namespace, folder: Path) -> list[Section]:
    sections = []
    with YouTube(folder / "youtube") as youtube:
        for name in options.only or MEASURES:
            own = folder / name
            own.mkdir()
            setting = Setting(
                youtube=youtube, folder=own, quick=options.quick, say=_say
            )
            sections.append(_measured(name, setting))
    return sections


def _measured(name: str, setting: Setting) -> Section:
    """Measure one thing; its failure must not lose the others' figures."""
    load = Load([setting.youtube.pid])
    try:
        return replace(MEASURES[name](setting), load=load.describe())
    except Exception as error:  # noqa: BLE001 - told in the document, and here in full
        traceback.print_exc()
        failed = Finding(what="The measurement", measured=f"failed: {error!r}")
        return Section(title=name.capitalize(), findings=[failed])


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=MEASURES,
        metavar="NAME",
        help=f"some of: {' '.join(MEASURES)}; printed unless --out is given",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="small counts, one round: printed unless --out is given",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="by default docs/performance.md"
    )
    return parser


if __name__ == "__main__":
    main()
