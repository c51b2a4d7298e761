"""Measure everything and write it down: `python -m bench --help`."""

import argparse
import compileall
import shlex
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import (
    commands,
    flood,
    growth,
    idle,
    instructions,
    latency,
    ledger,
    links,
    lists,
    readers,
    report,
    session_size,
    slow,
)
from bench.encode_ahead import encode_ahead
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
    "readers": readers.measure,
    "growth": growth.measure,
    "ledger": ledger.measure,
    "session_size": session_size.measure,
    "instructions": instructions.measure,
    # The last: a machine that was slow until then gets smaller floods.
    "flood": flood.measure,
}
#: Seconds that each takes on two quiet cores, in a full run.
USUAL_S = {
    "links": 470,
    "lists": 120,
    "slow": 60,
    "latency": 45,
    "idle": 80,
    "commands": 25,
    "growth": 45,
    "ledger": 80,
    "session_size": 45,
    "readers": 60,
    "instructions": 75,
    "flood": 180,
}
#: Seconds after which a full run is about over, quiet or not: what is late gets less.
LIMIT_S = 1080

CHECKOUT = Path(__file__).parents[1]
DOCUMENT = CHECKOUT / "docs" / "performance.md"


def main() -> None:
    """Run the chosen measurements and report."""
    # As Ctrl-C does, so that what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
    sections: list[Section] = []
    # As pip does when it installs a program: the peers are compiled, too. With
    # PYTHONDONTWRITEBYTECODE each process would else compile the modules anew.
    compileall.compile_dir(CHECKOUT / "ytaudio_daemon", quiet=1)
    _say("making the media")
    encode_ahead()
    began = time.monotonic()
    names = list(options.only or MEASURES)
    with YouTube(folder / "youtube") as youtube:
        for index, name in enumerate(names):
            own = folder / name
            own.mkdir()
            setting = Setting(
                youtube=youtube,
                folder=own,
                quick=options.quick,
                say=_say,
                time_share=_time_share(names[index:], time.monotonic() - began),
            )
            sections.append(_measured(name, setting))
            shutil.rmtree(own, ignore_errors=True)
    return sections


def _time_share(left: Sequence[str], spent_s: float) -> float:
    """Return the share of their usual time that the measurements left may take."""
    usual_s = sum(USUAL_S[name] for name in left)
    return min(1.0, max(0.1, (LIMIT_S - spent_s) / usual_s))


def _measured(name: str, setting: Setting) -> Section:
    """Measure one thing; its failure must not lose the others' figures."""
    load = Load([setting.youtube.pid])
    try:
        section = MEASURES[name](setting)
    except Exception as error:  # noqa: BLE001 - told in the document, and here in full
        traceback.print_exc()
        failed = Finding(
            what=f"The measurement `{name}`", measured=f"failed: {error!r}", met=False
        )
        section = Section(title=name.capitalize(), findings=[failed])
    return replace(section, load=load.describe())


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
