"""Parses drops: which file names are accepted, and what every line asks for. Pure.

`docs/drop-files.md` describes the forms for people.
"""

from ytaudio_daemon.dropfile.drop_line import (
    MENDED_REMARK,
    DropLine,
    NotADropError,
    line_identity,
)
from ytaudio_daemon.dropfile.filenames import (
    DROP_ENDINGS,
    DropKind,
    drop_kind,
    is_always_ignored,
    is_ignored_folder,
    is_ignored_subfolder,
    is_temporary,
    session_name_problem,
)
from ytaudio_daemon.dropfile.option_syntax import job_options_of_line, render_line
from ytaudio_daemon.dropfile.parsers import parse, parse_in_steps
from ytaudio_daemon.dropfile.reject_codes import REJECT_CODES

__all__ = [
    "DROP_ENDINGS",
    "MENDED_REMARK",
    "REJECT_CODES",
    "DropKind",
    "DropLine",
    "NotADropError",
    "drop_kind",
    "is_always_ignored",
    "is_ignored_folder",
    "is_ignored_subfolder",
    "is_temporary",
    "job_options_of_line",
    "line_identity",
    "parse",
    "parse_in_steps",
    "render_line",
    "session_name_problem",
]
