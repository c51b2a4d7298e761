"""`serve`: checks that the REST API's optional libraries are installed, then serves it."""

from importlib.util import find_spec

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.dispatch import load_target
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.system import install_hints

#: The modules of the libraries that the extra `api` installs.
REQUIRED_MODULES = ("fastapi", "uvicorn", "prometheus_client")


def run(context: CommandContext) -> int:
    """Serve the REST API until a signal ends it."""
    require_extra()
    return load_target("serve_api.run")(context)  # it imports those libraries


def require_extra() -> None:
    """Make sure that the API's libraries are installed.

    Raises:
        UsageError: They are not.
    """
    missing = [name for name in REQUIRED_MODULES if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the API needs libraries that are not installed: {', '.join(missing)}",
            install_hints.install_extra_command("api"),
        )
