"""Arguments that several commands have."""

import argparse


def add_global_options(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Add --config, --root and --verbose, which stand before or behind a command.

    Args:
        parser: Gets them.
        default: The value of one that is not given. `argparse.SUPPRESS` behind a
            command's name, so that a value given before it stays.
    """
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config", metavar="FILE", default=default,
        help="the config file (else $YTAUDIO_CONFIG, ./config/ytaudio.toml, "
        "/etc/ytaudio/ytaudio.toml)",
    )  # fmt: skip
    group.add_argument(
        "--root", metavar="DIR", default=default,
        help="the folder that holds inbox, downloads, status, state",
    )  # fmt: skip
    group.add_argument(
        "-v", "--verbose", action="store_true",
        default=False if default is None else default,
        help="show more, and the traceback of an error",
    )  # fmt: skip


def add_session(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--session`, the name or UUID of a session."""
    parser.add_argument("-s", "--session", metavar="S", help=help_text)


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--json`, which every reading command has."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def add_job_ids(parser: argparse.ArgumentParser) -> None:
    """Add the IDs of jobs."""
    parser.add_argument(
        "jobs", nargs="+", metavar="JOB", help="an ID, or its beginning"
    )


def add_work_ids(parser: argparse.ArgumentParser) -> None:
    """Add the IDs of jobs and collections; there may be none."""
    parser.add_argument(
        "jobs", nargs="*", metavar="JOB",
        help="ID of a job or collection, or its beginning",
    )  # fmt: skip


def add_job_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the jobs to change: their IDs, or a session."""
    add_work_ids(parser)
    add_session(parser, "all jobs of this session for which that is possible")
