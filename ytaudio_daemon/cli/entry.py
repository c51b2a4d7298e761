"""Runs the command line `ytaudio …`: prints its errors and returns its exit status.

`--help` and `--version` end here, before the modules that a command needs are imported.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module

from ytaudio_daemon import __version__
from ytaudio_daemon.cli.arguments.parsers import main_parser, parse_command
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.terminal_text import terminal_safe
from ytaudio_daemon.errors import YtaudioError
from ytaudio_daemon.system.utf8_mode import restart_in_utf8_mode

#: Of the program itself; every other flag without a command is `download`'s.
PROGRAM_FLAGS = frozenset({"-h", "--help", "--version", "--print-completion"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `ytaudio` and return its exit status.

    Args:
        argv: The words behind `ytaudio`; those of the process when None.
    """
    if argv is None:
        restart_in_utf8_mode()
    _escape_unencodable_output()
    arguments = _insert_default_command(sys.argv[1:] if argv is None else argv)
    verbose = _is_verbose(arguments)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except YtaudioError as error:
        _print_error(error, verbose=verbose)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return Exit.OK
    except OSError as error:
        if verbose:
            _print_traceback(error)
        _print_os_error(error)
        return Exit.FAILED
    return code


def _run(arguments: Sequence[str]) -> int:
    before = main_parser().parse_args(arguments)
    if before.version:
        sys.stdout.write(f"ytaudio {__version__}\n")
        return Exit.OK
    if before.print_completion:
        completion = import_module("ytaudio_daemon.cli.completion")  # 30 ms
        sys.stdout.write(completion.completion_script(before.print_completion))
        return Exit.OK
    if before.command is None:
        main_parser().print_help(sys.stderr)
        return Exit.USAGE
    known = {name: getattr(before, name) for name in ("config", "root", "verbose")}
    args = parse_command(before.command, before.rest, Namespace(**known))
    dispatch = import_module("ytaudio_daemon.cli.dispatch")  # not for --help
    return int(dispatch.run_command(args))


def _insert_default_command(arguments: Sequence[str]) -> Sequence[str]:
    """Insert `download` before a flag or a link that follows no command's name."""
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        if argument in {"--config", "--root"}:
            at += 2
        elif argument in {"-v", "--verbose"} or argument.startswith(
            ("--config=", "--root=")
        ):
            at += 1
        elif _is_program_flag(argument) or not _is_download_argument(argument):
            break
        else:
            return [*arguments[:at], "download", *arguments[at:]]
    return arguments


def _is_program_flag(argument: str) -> bool:
    return argument.partition("=")[0] in PROGRAM_FLAGS


def _is_download_argument(argument: str) -> bool:
    """True for a flag or a link: no command's name has a slash."""
    return argument.startswith("-") or "/" in argument


def _print_error(error: YtaudioError, *, verbose: bool) -> None:
    if verbose:
        _print_traceback(error)
    first, *others = error.message.splitlines() or [""]
    _print_to_stderr(f"ytaudio: {first}")
    for other in others:
        _print_to_stderr(f"  {other}")
    for line in error.hint.splitlines():
        _print_to_stderr(f"  hint: {line}")


def _print_traceback(error: Exception) -> None:
    """Print an error's traceback, without `traceback`: that takes 4 ms to import."""
    sys.__excepthook__(type(error), error, error.__traceback__)


def _print_to_stderr(line: str) -> None:
    sys.stderr.write(f"{terminal_safe(line)}\n")


def _print_os_error(error: OSError) -> None:
    _print_to_stderr(f"ytaudio: {_os_error_text(error)}")
    host_errors = import_module("ytaudio_daemon.model.host_errors")  # rarely needed
    found = host_errors.find_host_error(error.errno)
    # What helps with the daemon's own folders is no advice on a file that was named.
    if found is not None and found.code == "mount_lost" and error.filename:
        _print_to_stderr(f"  hint: {found.remedy(os.fsdecode(error.filename))}")


def _os_error_text(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {what}" if error.filename else what


def _is_verbose(arguments: Sequence[str]) -> bool:
    """True if -v is anywhere: parsing may fail, and its error obeys -v as well."""
    return any(argument in {"-v", "--verbose"} for argument in arguments)


def _escape_unencodable_output() -> None:
    """Let characters that the locale lacks be escaped, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard_stdout() -> None:
    """Send further output to /dev/null, after the reader (`| head`) has gone.

    Otherwise the interpreter would complain when it flushes stdout at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
