"""From the command line to a command, and from its errors to words and exit status."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from ytaudio_daemon import __version__
from ytaudio_daemon.cli.commands import command_module, command_parser, main_parser
from ytaudio_daemon.cli.context import Call
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.output import Screen
from ytaudio_daemon.errors import YtaudioError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command `ytaudio` and return its exit status.

    Args:
        argv: The words behind `ytaudio`; those of the process when None.
    """
    _survive_narrow_encodings()
    screen = Screen()
    words = _with_command(sys.argv[1:] if argv is None else argv)
    verbose = _asks_for_more(words)
    try:
        code = _run(words, screen)
        sys.stdout.flush()
    except YtaudioError as error:
        _explain(error, screen, verbose=verbose)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return Exit.OK
    except OSError as error:
        if verbose:
            _print_traceback()
        screen.remark(f"ytaudio: {_plain(error)}")
        return Exit.FAILED
    return code


def _run(words: Sequence[str], screen: Screen) -> int:
    before = main_parser().parse_args(words)
    if before.version:
        screen.line(f"ytaudio {__version__}")
        return Exit.OK
    if before.command is None:
        main_parser().print_help(sys.stderr)
        return Exit.USAGE
    parser = command_parser(before.command)
    known = {name: getattr(before, name) for name in ("config", "root", "verbose")}
    args = parser.parse_args(before.rest, Namespace(**known))
    return int(command_module(before.command).run(Call(args, screen)))


def _with_command(words: Sequence[str]) -> Sequence[str]:
    """Read flags or a link without a command as `download`'s, which needs no daemon."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in {"--config", "--root"}:
            at += 2
        elif word in {"-v", "--verbose"} or word.startswith(("--config=", "--root=")):
            at += 1
        elif word in {"-h", "--help", "--version"} or not _is_for_download(word):
            break
        else:
            return [*words[:at], "download", *words[at:]]
    return words


def _is_for_download(word: str) -> bool:
    """Tell whether a first word is a flag or a link; no command has a slash."""
    return word.startswith("-") or "/" in word


def _explain(error: YtaudioError, screen: Screen, *, verbose: bool) -> None:
    if verbose:
        _print_traceback()
    first, *others = error.message.splitlines() or [""]
    screen.remark(f"ytaudio: {first}")
    for other in others:
        screen.remark(f"  {other}")
    for line in error.hint.splitlines():
        screen.remark(f"  hint: {line}")


def _plain(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{os.fsdecode(error.filename)}: {what}" if error.filename else what


def _print_traceback() -> None:
    import traceback  # noqa: PLC0415 - 4 ms, for -v only

    traceback.print_exc()


def _asks_for_more(words: Sequence[str]) -> bool:
    """Look for -v by hand: errors of the parsing itself want it too."""
    return any(word in {"-v", "--verbose"} for word in words)


def _survive_narrow_encodings() -> None:
    """Write out what the locale cannot show, rather than fail on a title."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _let_go_of_stdout() -> None:
    """`| head` has what it wanted: spare the interpreter a complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
