"""Logging: console at a terminal, fields in the journal, else JSON lines."""

import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import structlog

from ytaudio_daemon.system import journal
from ytaudio_daemon.system.log_escaping import escape_json, escape_values
from ytaudio_daemon.system.nonblocking_stream import NonBlockingStream
from ytaudio_daemon.system.regular_files import open_own_file

#: A megabyte is some five thousand lines; ten of each are kept.
MAX_FILE_BYTES = 10 << 20
BACKUP_COUNT = 9

Processor = Callable[[Any, str, Any], Any]


def configure(
    *,
    level: str,
    form: str,
    directory: Path | None,
    console_lines: Processor | None = None,
) -> None:
    """Set up structlog on top of the standard library's logging.

    Args:
        level: debug, info, warning or error.
        form: console, json, or auto (console when stderr is a terminal, fields when
            the journal reads it).
        directory: Where `app.log` and `error.log` go, or None.
        console_lines: Renders events for a console; None is structlog's own renderer.

    Raises:
        OSError: The directory cannot be written.
    """
    structlog.configure(
        processors=[
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level.upper())
    root.addHandler(_stderr_handler(form, console_lines))
    if directory is not None:
        add_files(directory)
    for noisy in ("apscheduler", "watchdog", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def add_files(directory: Path) -> None:
    """Log into `app.log` and `error.log` in a folder, too.

    Raises:
        OSError: The folder cannot be written.
    """
    root = logging.getLogger()
    root.addHandler(_file_handler(directory / "app.log", logging.DEBUG))
    root.addHandler(_file_handler(directory / "error.log", logging.WARNING))


def configure_for_library_use() -> None:
    """Log nothing inside another program unless that program configures `logging`.

    Without any set-up structlog prints to standard output, which is not ours there.
    A program that has set up structlog itself is left as it is.
    """
    if structlog.is_configured():
        return
    logging.getLogger("ytaudio_daemon").addHandler(logging.NullHandler())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _stderr_handler(form: str, console_lines: Processor | None) -> logging.Handler:
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    notice = _dropped_lines_text if console else _dropped_lines_json
    stderr_stream = NonBlockingStream(sys.stderr.fileno(), notice)
    if form == "auto" and journal.reads_stderr(os.environ):
        handler: logging.Handler = logging.StreamHandler(
            journal.JournalStream(stderr_stream)
        )
    else:
        handler = logging.StreamHandler(stderr_stream)
    handler.setFormatter(
        _console_formatter(console_lines) if console else _json_formatter()
    )
    return handler


def _dropped_lines_text(lines: int) -> str:
    return f"{lines} lines of this log were dropped: nobody read them\n"


def _dropped_lines_json(lines: int) -> str:
    record = {"event": "log.dropped", "level": "warning", "lines": lines}
    return json.dumps(record) + "\n"


class _RotatingFile(logging.handlers.RotatingFileHandler):
    """A log file that is ours: a link is not followed, and a pipe is not waited for."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND
        fd = open_own_file(Path(self.baseFilename), 0o666, flags=flags)
        return TextIOWrapper(os.fdopen(fd, "ab"), self.encoding, self.errors)


def _file_handler(path: Path, level: int) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _RotatingFile(
        path, maxBytes=MAX_FILE_BYTES, backupCount=BACKUP_COUNT, encoding="utf-8"
    )
    handler.setLevel(level)
    handler.setFormatter(_json_formatter())
    return handler


def _console_formatter(console_lines: Processor | None = None) -> logging.Formatter:
    own = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    render: list[Processor] = [own]
    if console_lines is not None:
        # The traceback is escaped, too: it may hold names that strangers chose.
        render = [structlog.processors.format_exc_info, escape_values, console_lines]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            escape_values,
            *render,
        ],
    )


def _to_json(event_dict: Any, **options: Any) -> str:
    """Return it as a line that is safe to print; options are structlog's own."""
    return escape_json(json.dumps(event_dict, ensure_ascii=False, **options))


def _json_formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
    )
