"""Show the settings in effect, and where each came from.

A flag goes before a variable YTAUDIO_<SECTION>_<KEY>, that before the config file, that
before the default. --keys explains every key instead, and reads no config file.
"""

import argparse
from typing import TYPE_CHECKING

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit

if TYPE_CHECKING:
    from ytaudio_daemon.settings import Key

EXAMPLES = """\
examples:
  ytaudio config
  ytaudio config --keys
  YTAUDIO_DOWNLOAD_FORMAT=opus ytaudio config --json | jq '.settings["download.format"]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--keys", action="store_true", help="explain every key and what it may be"
    )
    add_json(parser, "values and origins, or with --keys the keys,")


def run(context: CommandContext) -> int:
    """Show the settings."""
    if context.args.keys:
        _explain_keys(context)
    else:
        _show_values(context)
    return Exit.OK


def _show_values(context: CommandContext) -> None:
    settings = context.settings
    values, origins = settings.redacted(), settings.origins
    if context.args.json:
        context.output.json(
            {
                "schema": "ytaudio.config/1",
                "config_file": str(settings.config_file or "") or None,
                "settings": {
                    name: {"value": value, "origin": origins[name]}
                    for name, value in values.items()
                },
            }
        )
        return
    rows = [(name, origins[name], f'"{value}"') for name, value in values.items()]
    context.output.table(("KEY", "FROM", "VALUE"), rows)


def _explain_keys(context: CommandContext) -> None:
    from ytaudio_daemon.settings import KEYS  # noqa: PLC0415 - 20 ms

    if context.args.json:
        keys = {name: _key_document(key) for name, key in KEYS.items()}
        context.output.json({"schema": "ytaudio.config-keys/1", "keys": keys})
        return
    for name, key in KEYS.items():
        restart = "" if key.is_reloadable else " (a change needs a restart)"
        context.output.line(f"{name} = {key.toml_default}{restart}")
        context.output.line(f"    {key.doc}")
        context.output.line(f"    Allowed: {key.value_type.allowed}.")
        context.output.line(f"    Variable: {key.variable}")


def _key_document(key: "Key") -> dict[str, object]:
    return {
        "default": key.default,
        "allowed": key.value_type.allowed,
        "meaning": key.doc,
        "variable": key.variable,
        "live": key.is_reloadable,
    }
