"""From the command line to a command, and from its errors to words and exit status."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from ytaudio_daemon import __version__
from ytaudio_daemon.cli.commands import command_module, command_parser, main_parser
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.errors import YtaudioError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `ytaudio` and return its exit status.

    Args:
        argv: The words behind `ytaudio`; those of the process when None.
    """
    _escape_unencodable_output()
    output = Output()
    arguments = _insert_default_command(sys.argv[1:] if argv is None else argv)
    verbose = _is_verbose(arguments)
    try:
        code = _run(arguments, output)
        sys.stdout.flush()
    except YtaudioError as error:
        _print_error(error, output, verbose=verbose)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return Exit.OK
    except OSError as error:
        if verbose:
            _print_traceback()
        output.stderr_line(f"ytaudio: {_os_error_text(error)}")
        return Exit.FAILED
    return code


def _run(arguments: Sequence[str], output: Output) -> int:
    before = main_parser().parse_args(arguments)
    if before.version:
        output.line(f"ytaudio {__version__}")
        return Exit.OK
    if before.command is None:
        main_parser().print_help(sys.stderr)
        return Exit.USAGE
    parser = command_parser(before.command)
    known = {name: getattr(before, name) for name in ("config", "root", "verbose")}
    args = parser.parse_args(before.rest, Namespace(**known))
    return int(command_module(before.command).run(CommandContext(args, output)))


def _insert_default_command(arguments: Sequence[str]) -> Sequence[str]:
    """Read flags or a link without a command as `download`'s, which needs no daemon."""
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        if argument in {"--config", "--root"}:
            at += 2
        elif argument in {"-v", "--verbose"} or argument.startswith(
            ("--config=", "--root=")
        ):
            at += 1
        elif argument in {"-h", "--help", "--version"} or not _is_download_argument(
            argument
        ):
            break
        else:
            return [*arguments[:at], "download", *arguments[at:]]
    return arguments


def _is_download_argument(argument: str) -> bool:
    """Tell whether a first word is a flag or a link; no command has a slash."""
    return argument.startswith("-") or "/" in argument


def _print_error(error: YtaudioError, output: Output, *, verbose: bool) -> None:
    if verbose:
        _print_traceback()
    first, *others = error.message.splitlines() or [""]
    output.stderr_line(f"ytaudio: {first}")
    for other in others:
        output.stderr_line(f"  {other}")
    for line in error.hint.splitlines():
        output.stderr_line(f"  hint: {line}")


def _os_error_text(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {what}" if error.filename else what


def _print_traceback() -> None:
    import traceback  # noqa: PLC0415 - 4 ms, for -v only

    traceback.print_exc()


def _is_verbose(arguments: Sequence[str]) -> bool:
    """Look for -v by hand: errors of the parsing itself want it too."""
    return any(argument in {"-v", "--verbose"} for argument in arguments)


def _escape_unencodable_output() -> None:
    """Write out what the locale cannot show, rather than fail on a title."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _discard_stdout() -> None:
    """`| head` has what it wanted: spare the interpreter a complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
