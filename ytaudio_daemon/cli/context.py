"""One call of the command: its arguments, its output, and its configuration."""

import os
from argparse import Namespace
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ytaudio_daemon.cli import liveness
from ytaudio_daemon.cli.liveness import DaemonLiveness
from ytaudio_daemon.cli.output import Output
from ytaudio_daemon.cli.status_path import status_folder_without_settings

if TYPE_CHECKING:
    from ytaudio_daemon.folders.layout import Layout
    from ytaudio_daemon.settings import Settings

#: Imported at its first use: that takes 20 ms, and `status` does not need it.
_SETTINGS = "ytaudio_daemon.settings"


class CommandContext:
    """The argument of every command's function.

    Args:
        args: The parsed arguments.
        output: Prints the command's results.
        environ: The environment, which may override settings.
    """

    def __init__(
        self, args: Namespace, output: Output, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.args = args
        self.output = output
        self.environ = environ

    @cached_property
    def config_file(self) -> Path | None:
        """The config file in use.

        Raises:
            ConfigError: Others can change the file that was found, or its folders.
        """
        if self.args.config is not None:
            return Path(self.args.config)
        module = import_module(_SETTINGS)
        found: Path | None = module.find_config(self.environ, Path.cwd())
        return found

    @cached_property
    def settings(self) -> "Settings":
        """The settings; --root overrides all other sources.

        Raises:
            ConfigError: They are unusable.
        """
        root = self.args.root
        overrides = {} if root is None else {"paths.root": root}
        module = import_module(_SETTINGS)
        settings: Settings = module.load(self.config_file, self.environ, overrides)
        return settings

    @cached_property
    def layout(self) -> "Layout":
        """The paths of all folders. Imported at its first use: it takes 10 ms."""
        module = import_module("ytaudio_daemon.folders.layout")
        layout: Layout = module.layout_of(self.settings)
        return layout

    @cached_property
    def status_folder(self) -> Path:
        """The folder of the status files, found without the settings if possible."""
        found = status_folder_without_settings(
            self.args.config, self.args.root, self.environ, Path.cwd()
        )
        return self.settings.paths.status if found is None else found

    def read_liveness(self) -> DaemonLiveness:
        """Read from the daemon's status document whether it is alive.

        Raises:
            OSError: The document is there but cannot be read.
        """
        return liveness.read_liveness(self.status_folder, self.start_command)

    def find_liveness(self) -> DaemonLiveness:
        """Return whether the daemon is alive, UNKNOWN when that cannot be read.

        For commands whose answer is in the ledger: they work without status files.
        """
        try:
            return self.read_liveness()
        except OSError as error:
            return liveness.unknown_liveness(error)

    def start_command(self) -> str:
        """Return the command that starts the daemon of this config."""
        install_hints = import_module("ytaudio_daemon.system.install_hints")
        root = self.args.root
        command: str = install_hints.start_daemon_command(self.config_file, root)
        return command

    @property
    def has_system_service(self) -> bool:
        """True if systemd runs the daemon of this config, as a service of the system."""
        return self.start_command().startswith("sudo systemctl")
