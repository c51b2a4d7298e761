"""Nothing opens files past `system.regular_files`, but for what is listed with a reason.

People may write in the inbox, the results, the library and the status folder, and root
runs commands there. What is opened there by `open` waits for a pipe, follows a link, or
empties another file.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import ytaudio_daemon

PACKAGE = Path(ytaudio_daemon.__path__[0])
#: Methods and functions that open a file by its name.
OPENERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "touch"}
#: Names of modules whose functions do so, too.
MODULES = {
    "shutil": {"copy", "copy2", "copyfile", "move", "copytree"},
    "tempfile": {"mktemp"},
    "zipfile": {"ZipFile"},
    "tarfile": {"open"},
}

CHOSEN = "a file that whoever runs the command names; a pipe is as good (`<(…)`)"
PROC = "of the kernel's"
FOLDER = "a folder: O_DIRECTORY waits for nothing, and no content is read"
OWN = "in the attempt's own folder, 0700, made by this process for this attempt"
NOTHING = "/dev/null"

ALLOWED = {
    "api/start_page.py:module": "the package's own page and style sheet",
    "cli/commands/add.py:_read_file": CHOSEN,
    "cli/commands/archive_import.py:_archive_source": CHOSEN,
    "cli/commands/check.py:_read": CHOSEN,
    "cli/commands/download.py:_read_urls_file": CHOSEN,
    "cli/entry.py:_discard_stdout": NOTHING,
    "cli/ledger_access.py:_require_accessible_file": "the ledger as SQLite will open "
    "it, links included; O_NONBLOCK, and closed at once",
    "doctor/machine_checks.py:_inotify_limit": PROC,
    "fetch/audio_stage.py:_write_tags": OWN,
    "fetch/cover.py:_convert_to_jpeg": OWN,
    "fetch/cover.py:fetch_cover": OWN,
    "fetch/libav.py:_open_media": OWN,
    "fetch/libav.py:copy": OWN,
    "fetch/libav_warmup.py:_write_silence": "in a new folder below TMPDIR, 0700",
    "fetch/result_files.py:sha256_of": OWN,
    "fetch/result_files.py:write_cover": OWN,
    "fetch/tag.py:can_hold_tags": OWN,
    "folders/letter_case.py:list_names": FOLDER,
    "folders/output_folder.py:_make_locked_folder": FOLDER,
    "folders/output_folder.py:remove_abandoned": FOLDER,
    "folders/private_folder.py:make_private": FOLDER,
    "folders/quiet_folders.py:_file_system": PROC,
    "folders/safe_open.py:_open_child": FOLDER,
    "folders/safe_open.py:mount_id": PROC,
    "folders/safe_open.py:open_dir": FOLDER,
    "jobs/foreign_claims.py:_start_ticks": PROC,
    "notify/delivery/process.py:_detach_stdio": NOTHING,
    "notify/delivery/webhook.py:deliver": "an address, not a file",
    "pool/template.py:_move_control_socket": NOTHING,
    "settings/sources.py:_read_text": "a config that was named, or that others cannot "
    "change: `settings.load.find_config` sees to that before",
    "system/files.py:fsync_path": FOLDER,
    "system/landlock.py:_allow": "O_PATH: names a place in a rule; nothing is read",
    "system/linux.py:children": PROC,
    "system/linux.py:lower_priority": PROC,
    "system/linux.py:raise_oom_score": PROC,
    "system/linux.py:_memory_events": PROC,
    "system/linux.py:oom_kill_count": PROC,
    "system/orphans.py:_has_env": PROC,
    "system/regular_files.py:_open_regular": "the function itself",
    "system/regular_files.py:create_file": "the function itself",
    "ytdlp_versions/pip.py:version_in_wheel": CHOSEN,
}


def openings(path: Path) -> Iterator[str]:
    """Yield the functions of a module that open files, as `file.py:function`."""
    place = str(path.relative_to(PACKAGE))
    for function, call in calls(ast.parse(path.read_text()), "module"):
        if opens(call.func):
            yield f"{place}:{function}"


def calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield function, child
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from calls(child, name)
            case _:
                yield from calls(child, function)


def opens(called: ast.expr) -> bool:
    if isinstance(called, ast.Name):
        return called.id in {"open", "ZipFile"}
    if not isinstance(called, ast.Attribute):
        return False
    owner = ast.unparse(called.value)
    if owner in MODULES:
        return called.attr in MODULES[owner]
    return called.attr in OPENERS and owner != "webbrowser"


def test_only_listed_functions_open_files_by_themselves() -> None:
    found = {place for path in PACKAGE.rglob("*.py") for place in openings(path)}
    assert found - set(ALLOWED) == set(), (
        "use system.regular_files or folders.safe_open"
    )
    assert set(ALLOWED) - found == set(), "nothing is opened there any more"


def test_every_way_of_opening_is_seen() -> None:
    ways = [
        "open('x')", "path.open()", "os.open('x', 0)", "Path('x').read_text()",
        "self.file.read_bytes()", "p.write_text('')", "p.write_bytes(b'')", "p.touch()",
        "io.open('x')", "shutil.copyfile(a, b)", "zipfile.ZipFile(x)",
    ]  # fmt: skip
    for way in ways:
        [(_, call)] = [
            (name, found)
            for name, found in calls(ast.parse(way), "module")
            if opens(found.func)
        ]
        assert ast.unparse(call)
