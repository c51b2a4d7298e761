"""Builds the errors for commands, verbs and flags that do not exist.

`difflib` and the hints on this installation are imported at their first use: only a
mistake should cost their milliseconds.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType, ModuleType

from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.errors import UsageError

#: A video's ID may begin with a hyphen.
_ID_CHARS = 11


def unknown_command_error(name: str) -> UsageError:
    """Return the error for a word that is no command, with the command that is meant."""
    explain = _COMMANDS_ELSEWHERE.get(name.lower())
    if explain is not None:
        return UsageError(f"there is no command {name!r}", explain())
    similar = _closest(name, COMMANDS)
    meant = f"; did you mean {similar}?" if similar else ""
    hint = "" if similar else "`ytaudio --help` lists all commands."
    return UsageError(f"there is no command {name!r}{meant}", hint)


def unknown_verb_error(program: str, verb: str, known: Collection[str]) -> UsageError:
    """Return the error for a verb that a command does not have.

    Args:
        program: The command with the program's name before it.
        verb: The word.
        known: All verbs of the command.
    """
    similar = _closest(verb, known)
    meant = f"; did you mean {similar}?" if similar else ""
    return UsageError(
        f"{program} has no verb {verb!r}{meant}",
        "" if similar else f"The verbs: {' '.join(known)}; `{program} --help`.",
    )


def unknown_words_error(
    program: str, unknown: Sequence[str], flags: Collection[str]
) -> UsageError:
    """Return the error for words that a command does not know.

    Args:
        program: The command with the program's name before it.
        unknown: The words.
        flags: All flags of the command.
    """
    return UsageError(
        f"{program}: unrecognized arguments: {' '.join(unknown)}"
        f"{_similar_flag(unknown, flags)}",
        f"`{program} --help` lists all.",
    )


def _similar_flag(unknown: Sequence[str], flags: Collection[str]) -> str:
    """Return what is meant by the first misspelled flag; "" if none is close."""
    for word in unknown:
        if len(word) == _ID_CHARS and not word.startswith("--"):
            return "; if that is a video's ID, put -- before it"
        flag = word.partition("=")[0]
        if flag in flags:
            return f"; {flag} goes behind the verb"
        if flag.startswith("--") and (similar := _closest(flag, flags, 0.75)):
            return f"; did you mean {similar}?"
    return ""


def _closest(word: str, known: Collection[str], at_least: float = 0.6) -> str:
    import difflib  # noqa: PLC0415 - see above

    return next(iter(difflib.get_close_matches(word, known, 1, at_least)), "")


def _install_hints() -> ModuleType:
    return import_module("ytaudio_daemon.system.install_hints")


#: The hint on each command of other programs that is called otherwise here.
_COMMANDS_ELSEWHERE: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("start", "up"),
            lambda: f"Start the daemon: {_install_hints().start_daemon_command()}",
        ),
        **dict.fromkeys(
            ("stop", "quit", "exit", "kill", "down", "shutdown"),
            lambda: str(_install_hints().stop_daemon_hint()),
        ),
        "restart": lambda: (
            f"Restart the daemon: {_install_hints().restart_daemon_command()}"
        ),
        **dict.fromkeys(
            ("log", "logs"),
            lambda: f"Read the log: {_install_hints().read_log_command()}",
        ),
        **dict.fromkeys(
            ("list", "ls", "queue"),
            lambda: "`ytaudio jobs` lists jobs, `ytaudio session list` sessions.",
        ),
        **dict.fromkeys(
            ("remove", "rm", "delete", "del"),
            lambda: (
                "`ytaudio cancel JOB` ends a job, "
                "`ytaudio session expire NAME` a session."
            ),
        ),
        "help": lambda: (
            "`ytaudio --help` lists all commands, "
            "`ytaudio COMMAND --help` explains one."
        ),
    }
)
