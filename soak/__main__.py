"""`python -m soak [CASE …]`: run the cases and say of each, in a line, how it went."""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

from soak import document
from soak.cases import backlog, body, files, leaks, lines, sessions
from soak.findings import Limits, Report
from soak.sabotage import SABOTAGES
from soak.setting import Setting
from tests.youtube import YouTube

CASES: dict[str, Callable[[Setting], Report]] = {
    "files": files.soak,
    "lines": lines.soak,
    "sessions": sessions.soak,
    "body": body.soak,
    "backlog": backlog.soak,
    "leaks": leaks.soak,
}


def main() -> int:
    """Return 0 when every limit was kept, 1 when one was not."""
    options = _parser().parse_args()
    limits = replace(Limits(), **dict(options.limit))
    reports = []
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        YouTube(Path(folder) / "youtube") as youtube,
    ):
        for case in options.cases or CASES:
            setting = Setting(
                case=case,
                youtube=youtube,
                root=Path(folder) / case,
                quick=options.quick,
                limits=limits,
                sabotage=options.sabotage,
            )
            reports.append(_run(setting, keep=options.keep))
            if options.out is not None:
                document.put_into(options.out, reports)
    return int(any(report.broken for report in reports))


def _run(setting: Setting, *, keep: Path | None) -> Report:
    """Run one case and tell how it went."""
    setting.youtube.reset()
    try:
        report = CASES[setting.case](setting)
    except Exception as error:  # noqa: BLE001 - told here in full; the others go on
        traceback.print_exc()
        report = Report(
            case=setting.case, about=repr(error), figures=(), wrong=["failed"]
        )
    print(report, flush=True)
    for what in report.broken:
        print(f"          {what}", flush=True)
    if report.broken and keep is not None:
        shutil.copytree(setting.root, keep / setting.case, ignore=_sockets)
    return report


def _sockets(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_socket()]


def _limit(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in {field.name for field in fields(Limits)}:
        raise argparse.ArgumentTypeError(f"no limit is called {name!r}")
    return name, float(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help=f"some of: {' '.join(CASES)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small counts: to see that it works"
    )
    parser.add_argument(
        "--limit",
        action="append",
        type=_limit,
        default=[],
        metavar="NAME=VALUE",
        help="another limit than promised: "
        + " ".join(f"{each.name}={each.default:g}" for each in fields(Limits)),
    )
    parser.add_argument(
        "--sabotage",
        choices=SABOTAGES,
        default="",
        help="break the daemon, to see that it is noticed",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write it into docs/performance.md"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="copy what a broken case left here"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
