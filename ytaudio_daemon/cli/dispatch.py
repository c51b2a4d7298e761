"""Runs the function of a parsed command.

A command's module imports all that it needs at its top, which can take half a second.
So it is imported here, by name, once it is known to run.
"""

from argparse import Namespace
from collections.abc import Callable
from importlib import import_module

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.output import Output


def run_command(args: Namespace) -> int:
    """Run the command that `args.target` names; returns its exit status."""
    return load_target(args.target)(CommandContext(args, Output()))


def load_target(target: str) -> Callable[[CommandContext], int]:
    """Import a command's function, named as "module.function" in `cli.commands`."""
    module, _, function = target.partition(".")
    found: Callable[[CommandContext], int] = getattr(
        import_module(f"ytaudio_daemon.cli.commands.{module}"), function
    )
    return found
