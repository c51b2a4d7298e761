"""A command's verbs name functions that are there."""

import argparse

import pytest

from ytaudio_daemon.cli.arguments import engine, ledger, library, notify, session
from ytaudio_daemon.cli.arguments.subcommands import add_subcommands
from ytaudio_daemon.cli.dispatch import load_target

TABLES = {
    "engine": engine.SUBCOMMANDS,
    "ledger": ledger.SUBCOMMANDS,
    "library": library.SUBCOMMANDS,
    "notify": notify.SUBCOMMANDS,
    "session": session.SUBCOMMANDS,
}


@pytest.mark.parametrize("command", TABLES)
def test_every_verb_has_its_doer_and_its_words(command: str) -> None:
    parser = argparse.ArgumentParser(command)
    add_subcommands(parser, TABLES[command])
    told = parser.format_help()
    for name, verb in TABLES[command].items():
        assert callable(load_target(verb.target))
        assert name in told


def test_a_verb_is_asked_for() -> None:
    parser = argparse.ArgumentParser("ledger")
    add_subcommands(parser, ledger.SUBCOMMANDS)
    assert parser.parse_args(["check"]).verb == "check"
    with pytest.raises(SystemExit):
        parser.parse_args([])
