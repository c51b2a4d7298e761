"""Running the daemon as an unprivileged user, wherever this checkout's Python lives."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.rig import House
from tests.others import NEEDS_ROOT, NOBODY, may_be_anybody
from tests.youtube import Remote
from tests.youtube.handle import CHECKOUT


@contextmanager
def nobodys_house(
    youtube: Remote, *, user: int = NOBODY, **settings: str
) -> Iterator[House]:
    """Give a house, not yet started, whose daemon runs as nobody.

    It does not lie in pytest's folder, which is closed to others.
    """
    if not may_be_anybody():
        pytest.skip(NEEDS_ROOT)
    root = Path(tempfile.mkdtemp(prefix="ytaudio-house-"))
    ca_file = shutil.copy(youtube.ca_file, root / "ca.pem")
    root.chmod(0o755)
    python = nobodys_python()
    settings["download_ca_file"] = str(ca_file)
    made = House(root, youtube, user=user, python=python, **settings)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(root)


@functools.cache
def nobodys_python() -> str:
    """Return an interpreter with our packages that nobody may run."""
    if _nobody_can_run(sys.executable):
        return sys.executable
    system = shutil.which(f"python{sysconfig.get_python_version()}", path="/usr/bin")
    if system is None or not _nobody_can_run_plain(system):
        pytest.skip("this Python lies in a folder that is closed to other users")
    return _borrowed(system)


def _borrowed(system: str) -> str:
    """Make an environment of the system's Python that uses the packages of ours."""
    home = Path(tempfile.gettempdir(), f"ytaudio-python-{os.getuid()}-{os.getpid()}")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    subprocess.run([system, "-m", "venv", "--without-pip", home], check=True)
    packages = next(home.glob("lib/python*/site-packages"))
    ours = [sysconfig.get_path("purelib"), str(CHECKOUT)]
    lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in ours)
    (packages / "borrowed.pth").write_text(lines)
    return str(home / "bin" / "python")


def _nobody_can_run(python: str) -> bool:
    return _nobody_can_run_plain(python, "import ytaudio_daemon, yt_dlp")


def _nobody_can_run_plain(python: str, code: str = "") -> bool:
    try:
        done = subprocess.run(
            [python, "-c", code], user=NOBODY, group=NOBODY, extra_groups=[],
            cwd="/", capture_output=True, check=False,
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@contextmanager
def without_inotify(house: House) -> Iterator[None]:
    """Use up all inotify instances that the house's user may have."""
    taker = subprocess.Popen(
        [house.python, "-c", _TAKE_ALL],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=house.user, cwd="/",
    )  # fmt: skip
    assert taker.stdout is not None
    try:
        assert taker.stdout.readline() == b"none left\n"
        yield
    finally:
        taker.communicate()


_TAKE_ALL = """
import ctypes, sys
while ctypes.CDLL(None).inotify_init() >= 0:
    pass
print("none left", flush=True)
sys.stdin.read()
"""
