"""Serve the REST API until Ctrl-C or SIGTERM.

Jobs posted there are recorded like those of drops, and run by the daemon; while none is
running they wait. On a loopback address everybody on this machine is the operator; on any
other, and where a token is given, the operator is who shows the token.
"""

import argparse
import os
import stat
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import drop_privileges, not_permitted_error
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.system import install_hints

EXAMPLES = """\
examples:
  ytaudio serve
  ytaudio serve --host 0.0.0.0 --port 8080 --token-file /etc/ytaudio/token
"""
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
#: What the extra brings, by the name it is imported by.
REQUIRED_MODULES = ("fastapi", "uvicorn", "prometheus_client")
#: Shorter ones can be guessed.
MIN_TOKEN_LENGTH = 16
MAX_TOKEN_LENGTH = 512
#: Nobody but its owner.
GROUP_AND_OTHERS_MODE = 0o077


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "--host", default=DEFAULT_HOST, metavar="ADDRESS",
        help="where to listen; any but a loopback address needs --token-file "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, metavar="N",
        help="0 takes a free one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE",
        help="holds the operator's token, mode 0600",
    )  # fmt: skip


def run(context: CommandContext) -> int:
    """Serve."""
    require_extra()
    # All of it while we are root: the daemon's user may not see our Python, nor the token.
    server = import_module("ytaudio_daemon.api.server")
    ledgers = import_module("ytaudio_daemon.downloader.open_ledger")
    host, port = context.args.host, context.args.port
    token = (
        None if context.args.token_file is None else read_token(context.args.token_file)
    )
    if token is None and not server.is_loopback(host):
        raise UsageError(
            f"{host} can be reached by others: --token-file is needed",
            "umask 077; openssl rand -hex 32 >token; ytaudio serve --token-file token …",
        )
    with server.listen(host, port) as listener:
        drop_privileges(context)
        _log_to_stderr(context)
        with ledgers.open_or_create_ledger(context.settings) as ledger:
            _require_writable(context, ledger.path)
            _print_address(context, server.base_url(listener), token)
            server.serve(_api_context(context, ledger, token), listener, host)
    return Exit.OK


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


def read_token(path: Path) -> str:
    """Return the operator's token.

    Raises:
        UsageError: The file cannot be read, others can, or it holds no good token.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            token = file.read(MAX_TOKEN_LENGTH + 2).strip().decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {path} cannot be read: {error}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_mode & GROUP_AND_OTHERS_MODE:
        raise UsageError(
            f"--token-file {path} can be read by others", f"chmod 600 {path}"
        )
    if not MIN_TOKEN_LENGTH <= len(token) <= MAX_TOKEN_LENGTH or not _is_one_word(
        token
    ):
        raise UsageError(
            f"--token-file {path} must hold one word of {MIN_TOKEN_LENGTH} to {MAX_TOKEN_LENGTH} "
            "characters",
            f"openssl rand -hex 32 >{path}",
        )
    return token


def _is_one_word(token: str) -> bool:
    return token.isprintable() and " " not in token


def _api_context(context: CommandContext, ledger: Any, token: str | None) -> Any:
    from ytaudio_daemon.api.context import ApiContext  # noqa: PLC0415 - the extra is optional

    return ApiContext(
        ledger=ledger,
        layout=context.layout,
        settings=context.settings,
        daemon_down_reason=lambda: context.read_liveness().explanation(),
        token=token,
    )


def _log_to_stderr(context: CommandContext) -> None:
    """Log to standard error alone: the files are the daemon's, who rotates them."""
    from ytaudio_daemon.system import logs  # noqa: PLC0415 - 50 ms

    log = context.settings.log
    logs.configure(level=log.level, form=log.format, directory=None)


def _require_writable(context: CommandContext, path: Path | None) -> None:
    if path is not None and not os.access(path, os.W_OK, effective_ids=True):
        raise not_permitted_error(context, path)


def _print_address(context: CommandContext, address: str, token: str | None) -> None:
    context.output.line(f"serving on {address}")
    if token is None:
        context.output.stderr_line(
            "everybody on this machine is the operator (no --token-file)"
        )
    sys.stdout.flush()  # whoever started us may wait for the address
    if trouble := context.read_liveness().explanation():
        context.output.stderr_line(f"note: {trouble}; jobs are taken and wait")
