"""What people drop: which names are taken, and what every line asks for. Pure.

`docs/drop-files.md` describes the forms for people.
"""

from ytaudio_daemon.dropfile.entry import Entry, NotADropError
from ytaudio_daemon.dropfile.forms import parse
from ytaudio_daemon.dropfile.names import (
    DropKind,
    is_ignored_folder,
    is_never_taken,
    is_temporary,
    kind_of,
    session_name_problem,
)
from ytaudio_daemon.dropfile.optionwords import render_line

__all__ = [
    "DropKind",
    "Entry",
    "NotADropError",
    "is_ignored_folder",
    "is_never_taken",
    "is_temporary",
    "kind_of",
    "parse",
    "render_line",
    "session_name_problem",
]
