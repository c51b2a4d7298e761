"""The config file and the settings of one call of the command."""

from argparse import Namespace
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from ytaudio_daemon.settings import Settings, find_config, load
from ytaudio_daemon.system import install_hints


class Configuration:
    """Finds the config file, and loads the settings at their first use.

    Args:
        args: The arguments, with --config and --root.
        environ: The environment, which may override settings.
    """

    def __init__(self, args: Namespace, environ: Mapping[str, str]) -> None:
        self._args = args
        self._environ = environ

    @cached_property
    def config_file(self) -> Path | None:
        """The config file in use.

        Raises:
            ConfigError: Others can change the file that was found, or its folders.
        """
        if self._args.config is not None:
            return Path(self._args.config)
        return find_config(self._environ, Path.cwd())

    @cached_property
    def settings(self) -> Settings:
        """The settings; --root goes before everything else.

        Raises:
            ConfigError: They are unusable.
        """
        root = self._args.root
        overrides = {} if root is None else {"paths.root": root}
        return load(self.config_file, self._environ, overrides)

    def start_command(self) -> str:
        """Return the command that starts the daemon of this config."""
        return install_hints.start_daemon_command(self.config_file, self._args.root)
