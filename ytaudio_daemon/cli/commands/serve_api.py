"""Serves the REST API. Imported when the optional libraries it needs are installed."""

import logging
import os
import stat
import sys
from contextlib import closing
from pathlib import Path

from ytaudio_daemon.api import server
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.privileges import drop_privileges, not_permitted_error
from ytaudio_daemon.downloader.open_ledger import open_or_create_ledger
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.system import logs
from ytaudio_daemon.system.regular_files import open_regular_file
from ytaudio_daemon.system.repeated_logs import RepeatFilter
from ytaudio_daemon.system.systemd_notify import SystemdNotifier

#: A shorter token can be guessed.
MIN_TOKEN_LENGTH = 16
MAX_TOKEN_LENGTH = 512
#: The bits of a file's mode that let others than its owner use it.
GROUP_AND_OTHERS_MODE = 0o077


def run(context: CommandContext) -> int:
    """Serve the REST API until a signal ends it."""
    host, port = context.args.host, context.args.port
    # Read while we are root: the daemon's user may not see it.
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
        with open_or_create_ledger(context.settings) as ledger:
            _require_writable(context, ledger.path)
            _print_address(context, server.base_url(listener), token)
            SystemdNotifier().ready(f"Serving {server.base_url(listener)}")
            api_context = _api_context(context, ledger, token)
            with closing(api_context.previewer):
                server.serve(api_context, listener, host)
    return Exit.OK


def read_token(path: Path) -> str:
    """Return the operator's token.

    Raises:
        UsageError: The file cannot be read, others can, or it holds no good token.
    """
    try:
        with os.fdopen(open_regular_file(path, follow_links=True), "rb") as file:
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


def _api_context(
    context: CommandContext, ledger: Ledger, token: str | None
) -> ApiContext:
    return ApiContext(
        ledger=ledger,
        layout=context.layout,
        settings=context.settings,
        daemon_down_reason=lambda: context.find_liveness().explanation(),
        token=token,
    )


def _log_to_stderr(context: CommandContext) -> None:
    """Log to standard error alone: the log files are the daemon's, which rotates them."""
    log = context.settings.log
    logs.configure(level=log.level, form=log.format, directory=None)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())


def _require_writable(context: CommandContext, path: Path | None) -> None:
    if path is not None and not os.access(path, os.W_OK, effective_ids=True):
        raise not_permitted_error(context, path)


def _print_address(context: CommandContext, address: str, token: str | None) -> None:
    context.output.line(f"serving on {address}")
    if token is None:
        context.output.stderr_line(
            "everybody on this machine is the operator (no --token-file)"
        )
    sys.stdout.flush()  # a program that started us may wait for the address
    if trouble := context.find_liveness().explanation():
        context.output.stderr_line(f"note: {trouble}; jobs are accepted and wait")
