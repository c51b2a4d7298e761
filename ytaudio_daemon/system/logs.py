"""Logging: console at a terminal, fields in the journal, else JSON lines."""

import json
import logging
import logging.handlers
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from ytaudio_daemon.system import journal
from ytaudio_daemon.system.nonblocking_stream import Outlet

#: A megabyte is some five thousand lines; ten of each are kept.
FILE_BYTES = 10 << 20
FILES_KEPT = 9

Processor = Callable[[Any, str, Any], Any]


def configure(*, level: str, form: str, directory: Path | None) -> None:
    """Set up structlog on top of the standard library's logging.

    Args:
        level: debug, info, warning or error.
        form: console, json, or auto (console when stderr is a terminal, fields when
            the journal reads it).
        directory: Where `app.log` and `error.log` go, or None.

    Raises:
        OSError: The directory cannot be written.
    """
    structlog.configure(
        processors=[
            *_shared(),
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
    root.addHandler(_stderr(form))
    if directory is not None:
        root.addHandler(_file(directory / "app.log", logging.DEBUG))
        root.addHandler(_file(directory / "error.log", logging.WARNING))
    for noisy in ("apscheduler", "watchdog", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def leave_to_the_host() -> None:
    """Be quiet inside somebody else's program, unless its own `logging` listens.

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


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _stderr(form: str) -> logging.Handler:
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    notice = _notice if console else _notice_as_json
    outlet = Outlet(sys.stderr.fileno(), notice)
    if form == "auto" and journal.is_stderr(os.environ):
        handler: logging.Handler = logging.StreamHandler(journal.Journal(outlet))
    else:
        handler = logging.StreamHandler(outlet)
    handler.setFormatter(_console() if console else _json())
    return handler


def _notice(lines: int) -> str:
    return f"{lines} lines of this log were dropped: nobody read them\n"


def _notice_as_json(lines: int) -> str:
    told = {"event": "log.dropped", "level": "warning", "lines": lines}
    return json.dumps(told) + "\n"


def _file(path: Path, level: int) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
    )
    handler.setLevel(level)
    handler.setFormatter(_json())
    return handler


def _console() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )


def _json() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
