"""A command or a flag that does not exist is answered with the one that is meant."""

import pytest

from ytaudio_daemon.cli import main
from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import command_parser
from ytaudio_daemon.cli.arguments.unknown_words import (
    _COMMANDS_ELSEWHERE,
    unknown_command_error,
)
from ytaudio_daemon.errors import UsageError


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("stop", "Stop the daemon: "),
        ("start", "Start the daemon: "),
        ("restart", "Restart the daemon: "),
        ("logs", "Read the log: "),
        ("ls", "`ytaudio jobs`"),
        ("rm", "`ytaudio cancel JOB`"),
        ("help", "`ytaudio --help`"),
        ("xyzzy", "`ytaudio --help`"),
    ],
)
def test_a_word_of_other_programs_is_answered_with_ours(word: str, hint: str) -> None:
    error = unknown_command_error(word)
    assert error.message == f"there is no command {word!r}"
    assert error.hint.startswith(hint)


def test_no_command_of_ours_is_explained_away() -> None:
    assert not COMMANDS.keys() & _COMMANDS_ELSEWHERE.keys()


def test_a_misspelled_command_is_suggested() -> None:
    assert unknown_command_error("stauts").message.endswith("did you mean status?")


def test_a_misspelled_verb_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "backp"]) == 2
    said = capsys.readouterr().err
    assert said == "ytaudio: ytaudio ledger has no verb 'backp'; did you mean backup?\n"


def test_a_verb_like_no_other_lists_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ledger", "xyzzy"]) == 2
    assert "The verbs: backup restore check;" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["download", "--formt", "mp3", "youtu.be/x"], "--format"),
        (["download", "--qualty=best"], "--quality"),
        (["ledger", "backup", "--jsn"], "--json"),
    ],
)
def test_a_misspelled_flag_is_suggested(
    words: list[str], flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert f"; did you mean {flag}?" in capsys.readouterr().err


def test_a_flag_like_no_other_is_only_named() -> None:
    with pytest.raises(UsageError) as refused:
        command_parser("status").parse_args(["--colour-of-the-sky"])
    assert refused.value.message.endswith("unrecognized arguments: --colour-of-the-sky")
    assert refused.value.hint == "`ytaudio status --help` lists all."
