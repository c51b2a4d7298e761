"""`config`: prints the settings in effect, or explains every key."""

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.settings import KEYS, Key


def run(context: CommandContext) -> int:
    """Print the settings, or with --keys the meaning of each key."""
    if context.args.keys:
        _print_keys(context)
    else:
        _print_values(context)
    return Exit.OK


def _print_values(context: CommandContext) -> None:
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
    with context.output.paged():
        context.output.table(("KEY", "FROM", "VALUE"), rows, wraps=True)


def _print_keys(context: CommandContext) -> None:
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


def _key_document(key: Key) -> dict[str, object]:
    return {
        "default": key.default,
        "allowed": key.value_type.allowed,
        "meaning": key.doc,
        "variable": key.variable,
        "live": key.is_reloadable,
    }
