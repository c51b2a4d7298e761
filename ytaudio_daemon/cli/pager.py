"""Shows results longer than the terminal in the user's pager, as git and systemctl do."""

import io
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from typing import IO

#: Tried in this order where `$PAGER` names none.
_PAGERS = ("less", "more")
#: Quit if it fits, keep colours, leave the text on the screen (less(1), as git does).
_LESS_OPTIONS = "FRX"


class PagedText(io.StringIO):
    """Collects what a command prints on a terminal, so that its length is known."""

    def isatty(self) -> bool:
        """True: what is printed is meant for a terminal."""
        return True


def show(text: str, out: IO[str], environment: Mapping[str, str]) -> None:
    """Print a text on a terminal; in the pager if it has more lines than fit.

    Args:
        text: Whole lines.
        out: The terminal.
        environment: `PAGER` may name another pager; `cat` or nothing means none.
    """
    height = shutil.get_terminal_size().lines
    command = pager_command(environment) if text.count("\n") >= height else []
    if not command or not _run_pager(command, text, environment):
        out.write(text)
        out.flush()


def pager_command(environment: Mapping[str, str]) -> list[str]:
    """Return the pager with its arguments; nothing where none is wanted or there."""
    wanted = environment.get("PAGER")
    if wanted is not None:
        try:
            words = shlex.split(wanted)
        except ValueError:  # quotes that do not match
            return []
        return [] if words == ["cat"] else words
    found = (path for name in _PAGERS if (path := shutil.which(name)) is not None)
    return [path] if (path := next(found, None)) is not None else []


def _run_pager(command: list[str], text: str, environment: Mapping[str, str]) -> bool:
    """Show a text until the user quits the pager; returns False if it cannot be run."""
    try:
        pager = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            text=True,
            errors="replace",
            env={"LESS": _LESS_OPTIONS, **environment},
        )
    except OSError:
        return False
    # Ctrl-C belongs to the pager: it stops a search there.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pager.communicate(text)
    finally:
        signal.signal(signal.SIGINT, before)
    # What a shell returns for a command that cannot be run, or is not found.
    return pager.returncode not in {126, 127}
