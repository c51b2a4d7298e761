"""One call of the command: its arguments, and what follows from them when asked."""

import os
from argparse import Namespace
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.output import Output

if TYPE_CHECKING:
    from ytaudio_daemon.cli.liveness import DaemonLiveness
    from ytaudio_daemon.folders.layout import Layout
    from ytaudio_daemon.settings import Settings


class CommandContext:
    """What a command is given.

    Args:
        args: As its parser read them.
        output: Where its words go.
        environ: The environment, for settings.
    """

    def __init__(
        self,
        args: Namespace,
        output: Output,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.args = args
        self.output = output
        self.environ = environ

    @cached_property
    def config_file(self) -> Path | None:
        """The config file in use."""
        from ytaudio_daemon.settings import find_config  # noqa: PLC0415 - 20 ms

        if self.args.config is not None:
            return Path(self.args.config)
        return find_config(self.environ, Path.cwd())

    @cached_property
    def settings(self) -> "Settings":
        """The settings, read at the first need.

        Raises:
            ConfigError: They are unusable.
        """
        from ytaudio_daemon.settings import load  # noqa: PLC0415 - 20 ms

        root = self.args.root
        overrides = {} if root is None else {"paths.root": root}
        return load(self.config_file, self.environ, overrides)

    @cached_property
    def status_folder(self) -> Path:
        """Where the status files are, by the quick way if that will do."""
        from ytaudio_daemon.cli.status_path import status_folder_without_settings  # noqa: PLC0415

        found = status_folder_without_settings(
            self.args.config, self.args.root, self.environ, Path.cwd()
        )
        return self.settings.paths.status if found is None else found

    def read_liveness(self) -> "DaemonLiveness":
        """Look whether the daemon is alive.

        Raises:
            OSError: Its status document is there but cannot be read.
        """
        from ytaudio_daemon.cli.liveness import read_liveness  # noqa: PLC0415 - `--help` needs none

        return read_liveness(self.status_folder, self.start_command)

    def start_command(self) -> str:
        """Return the command that starts the daemon of this config."""
        from ytaudio_daemon.system import install_hints  # noqa: PLC0415 - seldom needed

        return install_hints.start_daemon_command(self.config_file, self.args.root)

    @cached_property
    def layout(self) -> "Layout":
        """Where everything lies."""
        from ytaudio_daemon.folders.layout import layout_of  # noqa: PLC0415 - 10 ms

        return layout_of(self.settings)
