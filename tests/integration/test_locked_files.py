"""Files that something has locked, with the kernel's own errors: each its true reason."""

import errno
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.intake_rig import House, acting_as
from tests.integration.ledger_rig import drop, links, states
from tests.others import NOBODY, needs_root
from ytaudio_daemon.errors import LedgerFullError
from ytaudio_daemon.folders.access_remedy import access_remedy
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.migrate import check_integrity
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.system import landlock


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.close()


def reasons(house: House) -> str:
    ignored = house.intake.ignored_files
    unmovable = list(ignored.unmovable_folders.reports())
    return f"{list(ignored.waiting)} {unmovable}"


@contextmanager
def leased(path: Path) -> Iterator[None]:
    """Hold a file as Samba does for a client: with a lease of fcntl(2)."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        os.close(fd)
        signal.signal(signal.SIGIO, before)


def test_a_drop_that_another_program_locks_says_so_and_is_taken_later(
    house: House,
) -> None:
    house.drop()
    with leased(house.inbox / "songs.txt"):
        house.take()
        assert "lslocks" in reasons(house)
        assert "chmod" not in reasons(house)
    house.let_pass(60)
    house.take()
    assert house.ask("SELECT state FROM jobs") == [("queued",)]
    assert "lslocks" not in reasons(house)


@pytest.mark.skipif(
    landlock.abi() < landlock.MIN_ABI, reason="this kernel has no Landlock"
)
def test_a_denial_in_spite_of_permissions_is_no_matter_of_chmod(house: House) -> None:
    """Landlock stands for SELinux and the rules of a file server: EACCES, even to root."""
    house.drop()
    house.ledger.close()  # no connection may be shared with the child
    pid = os.fork()
    if pid == 0:
        told = ""
        try:
            landlock.restrict_files([Path("/")], [house.layout.state])
            house.take()
            told = reasons(house)
        finally:
            os._exit(0 if "SELinux" in told and "chmod" not in told else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@needs_root
def test_what_permissions_deny_is_a_matter_of_chmod() -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "a drop")
        file.write_text("")
        with acting_as(NOBODY, Path(folder)):
            assert "locked" in access_remedy(file, os.R_OK, "o+r")
            file.chmod(0)
            told = access_remedy(file, os.R_OK, "o+r")
        assert told == f"allow it with: chmod o+r '{file}'"


@contextmanager
def file_limit(limit: int) -> Iterator[None]:
    """Lower the limit of a file's size, as `ulimit -f` does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_ledger_that_outgrows_the_limit_of_a_file_names_the_limit(
    sqlite_ledger: Ledger,
) -> None:
    assert sqlite_ledger.path is not None
    many = links(*(f"v{n}" for n in range(900)))
    limit = sqlite_ledger.path.stat().st_size + 8192
    with (
        file_limit(limit),
        pytest.raises(LedgerFullError, match=f"at most {limit} bytes") as caught,
    ):
        drop(sqlite_ledger, "alice", many)
    assert "LimitFSIZE=" in caught.value.hint
    check_integrity(sqlite_ledger)
    drop(sqlite_ledger, "alice", many)
    assert len(states(sqlite_ledger)) == 900


# ---------------------------------------------------------- what the kernel itself says


def _make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def _run_a_program(place: Path) -> None:
    program = Path(shutil.copy(sys.executable, place / "program"))
    running = subprocess.Popen(
        [program, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60  # until exec has happened
        while os.readlink(f"/proc/{running.pid}/exe") != str(program):  # noqa: PTH115
            assert time.monotonic() < end
        program.open("ab").close()
    finally:
        running.kill()
        running.communicate()


def _write_too_much(place: Path) -> None:
    with file_limit(1), (place / "file").open("wb", buffering=0) as file:
        file.write(b"01")
        file.write(b"2")


def _open_leased(place: Path) -> None:
    with leased(_make(place / "file")):
        os.close(os.open(place / "file", os.O_RDONLY | os.O_NONBLOCK))


def _open_link(place: Path) -> None:
    (place / "link").symlink_to("nowhere")
    os.open(place / "link", os.O_RDONLY | os.O_NOFOLLOW)


def _open_socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(place)  # a socket's path is short
        server.bind("s")
        os.open("s", os.O_RDONLY)


def _rename_onto_full(place: Path) -> None:
    _make(place / "a/x")
    _make(place / "b/x")
    (place / "a").rename(place / "b")


def _rename_into_itself(place: Path) -> None:
    (place / "a").mkdir()
    (place / "a").rename(place / "a/b")


FAILING_CALLS: dict[int, Callable[[Path], object]] = {
    errno.EAGAIN: _open_leased,
    errno.EBUSY: lambda place: Path("/").rename(place / "x"),
    errno.EEXIST: lambda place: place.mkdir(),
    errno.EFBIG: _write_too_much,
    errno.EINVAL: _rename_into_itself,
    errno.EISDIR: lambda place: place.write_text(""),
    errno.ELOOP: _open_link,
    errno.ENAMETOOLONG: lambda place: (place / ("x" * 256)).mkdir(),
    errno.ENOENT: lambda place: (place / "gone").unlink(),
    errno.ENOTDIR: lambda place: (_make(place / "file") / "x").mkdir(),
    errno.ENOTEMPTY: _rename_onto_full,
    errno.ENXIO: _open_socket,
    errno.ETXTBSY: _run_a_program,
    errno.EXDEV: lambda place: _make(place / "file").rename("/dev/shm/x.ytaudio"),
}


@pytest.mark.parametrize(
    "number", FAILING_CALLS, ids=[errno.errorcode[n] for n in FAILING_CALLS]
)
def test_the_kernels_own_errors_are_known(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        FAILING_CALLS[number](tmp_path)
    assert caught.value.errno == number
    assert find_host_error(number) is not None
