"""Has this program encode file names in UTF-8 in every locale.

Python encodes file names in the locale's encoding (PEP 383), unless it runs in UTF-8
mode (PEP 540). In a locale such as en_US.ISO-8859-1 a Japanese title would have no file
name, and a folder named in UTF-8 would be read as another word. The mode cannot be
switched on in a running interpreter: a process of ours starts in it, or starts itself
again. In the locales C and POSIX, and from Python 3.15 on, it is on already.
"""

import os
import sys

from ytaudio_daemon.errors import UsageError

#: Starts an interpreter in UTF-8 mode. A flag, not PYTHONUTF8: it is not inherited by
#: other programs, and `-I` does not switch it off.
UTF8_MODE = ("-X", "utf8")


def file_names_are_utf8() -> bool:
    """Return whether this interpreter encodes file names in UTF-8."""
    return sys.getfilesystemencoding() == "utf-8"


def restart_in_utf8_mode() -> None:
    """Replace this process by the same program in UTF-8 mode, if it is not in it.

    Only file names go against the locale: a terminal still gets the locale's characters.

    Raises:
        OSError: As execve(2).
    """
    if file_names_are_utf8() or not sys.executable:
        return
    os.environ.setdefault("PYTHONIOENCODING", sys.getfilesystemencoding())
    interpreter, *words = sys.orig_argv
    command = [interpreter, *UTF8_MODE, *words]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is the point


def require_utf8_file_names() -> None:
    """Refuse to work in a program whose file names are not in UTF-8.

    Raises:
        UsageError: They are not.
    """
    if not file_names_are_utf8():
        raise UsageError(
            f"this Python encodes file names as {sys.getfilesystemencoding()}, and "
            "ytaudio as UTF-8",
            "Start it in UTF-8 mode, `python -X utf8` or PYTHONUTF8=1, or in a locale "
            "such as C.UTF-8.",
        )
