"""A disk that cannot sync: the kernel answers fsync or fdatasync with EIO.

A seccomp filter does it (seccomp(2), Documentation/userspace-api/seccomp_filter.rst of
the kernel): it holds for the process that asks and all that it starts, and is never
lifted. Run as `python -m tests.acceptance.syncless`, this module is the command
`ytaudio`; SIGUSR1 breaks its folders, SIGUSR2 its ledger, whose SQLite syncs by
fdatasync alone. With `SYNCLESS_WORKERS` set, its workers' disk is broken instead.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import subprocess
import sys
from pathlib import Path

from tests.acceptance.faulty import CLOCK, HouseWithAClock

WORKERS = "SYNCLESS_WORKERS"
#: By machine: AUDIT_ARCH (linux/audit.h), the numbers of fsync, fdatasync, seccomp.
CALLS = {
    "x86_64": (0xC000003E, 74, 75, 317),
    "aarch64": (0xC00000B7, 82, 83, 277),
}
#: The call's number here.
FSYNC = CALLS.get(platform.machine(), (0, 0, 0, 0))[1]
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_TSYNC = 1
ALLOW = 0x7FFF0000
ERRNO = 0x00050000
#: linux/bpf_common.h: load a word, jump if equal, return.
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06


class HouseThatCannotSync(HouseWithAClock):
    """A house whose disk can be broken while its daemon runs."""

    module = "tests.acceptance.syncless"

    def break_folders(self) -> None:
        """Have the daemon sync no file and no folder any more."""
        self._break(signal.SIGUSR1)

    def break_ledger(self) -> None:
        """Have the daemon's ledger commit nothing any more."""
        self._break(signal.SIGUSR2)

    def _break(self, how: signal.Signals) -> None:
        self.running.send_signal(how)
        status = Path(f"/proc/{self.running.pid}/status")
        self.wait(lambda: "\nSeccomp:\t2" in status.read_text())


def refuse(*calls: int) -> None:
    """Have the kernel answer some calls of this process, and its children, with EIO."""
    arch, _, _, seccomp = CALLS[platform.machine()]
    code = [(LOAD, 0, 0, 4), (JUMP_EQUAL, 1, 0, arch), (RETURN, 0, 0, ALLOW)]
    code.append((LOAD, 0, 0, 0))
    for call in calls:
        code += [(JUMP_EQUAL, 0, 1, call), (RETURN, 0, 0, ERRNO | errno.EIO)]
    code.append((RETURN, 0, 0, ALLOW))
    program = b"".join(struct.pack("HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(program)
    wanted = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(
        seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, wanted
    ):
        raise OSError(ctypes.get_errno(), "seccomp")


def is_possible() -> bool:
    """Whether this kernel lets a process filter its own calls."""
    if platform.machine() not in CALLS:
        return False
    words = "from tests.acceptance.syncless import refuse; refuse()"
    done = subprocess.run([sys.executable, "-c", words], check=False)
    return done.returncode == 0


def main() -> int:
    """Run the command; signals break its disk."""
    from tests.acceptance import faulty  # noqa: PLC0415 - only in the daemon

    _, fsync, fdatasync, _ = CALLS[platform.machine()]
    signal.signal(signal.SIGUSR1, lambda *_: refuse(fsync))
    signal.signal(signal.SIGUSR2, lambda *_: refuse(fdatasync))
    if os.environ.get(WORKERS):
        _break_workers(fsync, fdatasync)
    return faulty.main()


def _break_workers(*calls: int) -> None:
    """Start templates through a program that cannot sync; it forks the workers."""
    python = Path(os.environ[CLOCK]).with_name("python-that-cannot-sync")
    here = Path(__file__).parents[2]
    python.write_text(
        f"#!{sys.executable}\n"
        "import os, sys\n"
        f"sys.path.insert(0, {str(here)!r})\n"
        "from tests.acceptance.syncless import refuse\n"
        f"refuse(*{calls!r})\n"
        f"os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])\n"
    )
    python.chmod(0o755)
    sys.executable = str(python)


if __name__ == "__main__":
    sys.exit(main())
