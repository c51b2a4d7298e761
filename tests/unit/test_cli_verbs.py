"""A command's verbs name functions that are there."""

import argparse

import pytest

from ytaudio_daemon.cli import engine, ledger, session
from ytaudio_daemon.cli.subcommands import add_verbs, doer_of

TABLES = {"engine": engine.VERBS, "ledger": ledger.VERBS, "session": session.VERBS}


@pytest.mark.parametrize("command", TABLES)
def test_every_verb_has_its_doer_and_its_words(command: str) -> None:
    parser = argparse.ArgumentParser(command)
    add_verbs(parser, TABLES[command])
    told = parser.format_help()
    for name, verb in TABLES[command].items():
        assert callable(doer_of(verb))
        assert name in told


def test_a_verb_is_asked_for() -> None:
    parser = argparse.ArgumentParser("ledger")
    add_verbs(parser, ledger.VERBS)
    assert parser.parse_args(["check"]).verb == "check"
    with pytest.raises(SystemExit):
        parser.parse_args([])
