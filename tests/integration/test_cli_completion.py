"""`--print-completion`: the scripts complete the command line in real shells."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli_rig import Rig
from ytaudio_daemon.cli.arguments.command_table import COMMANDS
from ytaudio_daemon.cli.arguments.parsers import SHELLS, command_parser

#: Completes the words given to it as bash would, the last one unfinished.
BASH = """
source ./script
set -- "$(complete -p ytaudio)" "$@"
function=${1##*-F }; function=${function%% *}; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
"$function" ytaudio "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source ./script; complete -C "$argv"'
#: Checks the syntax of a script without running it.
SYNTAX_CHECKS = {"bash": "-n", "zsh": "-n", "fish": "--no-execute"}
CASES = [
    ("ytaudio st", {"status"}),
    ("ytaudio session ex", {"expire"}),
    ("ytaudio --print-completion ", set(SHELLS)),
    ("ytaudio engine upgrade --ch", {"--channel"}),
    ("ytaudio add --format o", {"ogg", "opus"}),
    ("ytaudio jobs --state f", {"failed"}),
    ("ytaudio session --ro", {"--root"}),
    ("ytaudio check son", {"songs.txt"}),
    ("ytaudio --root fol", {"folder/"}),
]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    (tmp_path / "songs.txt").touch()
    (tmp_path / "folder").mkdir()
    yield made
    made.close()


def shell(name: str, rig: Rig, *argv: str) -> list[str]:
    """Run a shell where the script is; returns the lines it prints."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    printed = rig.run("--print-completion", name)
    assert (printed.code, printed.err) == (0, "")
    (rig.root / "script").write_text(printed.out)
    done = subprocess.run(
        [program, *argv], cwd=rig.root, env=rig.environ | {"HOME": str(rig.root)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize(("line", "completions"), CASES)
def test_bash_completes(rig: Rig, line: str, completions: set[str]) -> None:
    found = shell("bash", rig, "--norc", "-c", BASH, "bash", *line.split(" "))
    assert {name.removesuffix("/") for name in found} == {
        name.removesuffix("/") for name in completions
    }


@pytest.mark.parametrize(("line", "completions"), CASES)
def test_fish_completes(rig: Rig, line: str, completions: set[str]) -> None:
    found = shell("fish", rig, "--no-config", "-c", FISH, line)
    assert {name.partition("\t")[0] for name in found} == completions


@pytest.mark.parametrize("name", SHELLS)
def test_the_script_has_no_syntax_error(rig: Rig, name: str) -> None:
    assert shell(name, rig, SYNTAX_CHECKS[name], "script") == []


@pytest.mark.parametrize("name", SHELLS)
def test_every_command_and_flag_is_in_the_script(rig: Rig, name: str) -> None:
    script = rig.call("--print-completion", name).out
    for command in COMMANDS:
        assert command in script
        for action in command_parser(command)._actions:
            for flag in action.option_strings:
                assert flag.removeprefix("--" if name == "fish" else "") in script


def test_another_shell_is_refused(rig: Rig) -> None:
    ran = rig.call("--print-completion=tcsh")
    assert ran.code == 2
    assert "choose from" in ran.err
