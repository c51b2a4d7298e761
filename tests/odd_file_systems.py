"""Real file systems of other worlds, through their FUSE drivers, for a test.

Only root mounts them. Where a driver, a tool or a loop device is missing the test is
skipped, and says what for.
"""

import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

IMAGE_BYTES = 64 << 20
#: Where root's programs are; `su` and cron leave them out of PATH.
ROOTS_PROGRAMS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
#: By file system: the line that makes one in an image, and the one that mounts it.
DRIVERS = {
    "exfat": (["mkfs.exfat"], ["mount.exfat-fuse"]),
    "ntfs": (["mkntfs", "-F", "-Q", "-q"], ["ntfs-3g"]),
}


@contextmanager
def odd_disk(kind: str, folder: Path) -> Iterator[Path]:
    """Mount a new file system of that kind; yields its root."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    make, mount = DRIVERS[kind]
    image, root = folder / f"{kind}.img", folder / kind
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    _run([*make, str(image)])
    device = _run(["losetup", "--find", "--show", str(image)]).strip()
    try:
        _run([*mount, device, str(root)])
        _wait_for(root)
        try:
            yield root
        finally:
            subprocess.run(["umount", "--lazy", root], capture_output=True, check=False)
    finally:
        subprocess.run(
            [_program("losetup"), "--detach", device], capture_output=True, check=False
        )


def _run(words: list[str]) -> str:
    try:
        done = subprocess.run(
            [_program(words[0]), *words[1:]], capture_output=True, text=True, check=True
        )
    except OSError:
        pytest.skip(f"{words[0]} is not installed")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{words[0]} does not work here: {error.stderr.strip()}")
    return done.stdout


def _program(name: str) -> str:
    """Return the path of a program, or its name where there is none."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *ROOTS_PROGRAMS))
    return shutil.which(name, path=places) or name


def _wait_for(root: Path) -> None:
    end = time.monotonic() + 30
    while not root.is_mount():
        select.select([], [], [], 0.01)
        if time.monotonic() > end:
            pytest.skip(f"nothing was mounted at {root}")


@contextmanager
def short_names(folder: Path) -> Iterator[Path]:
    """Mount an encrypted folder, which takes names of some 175 bytes; yields its root."""
    root, behind = folder / "encrypted", folder / "behind"
    root.mkdir()
    behind.mkdir()
    words = ["encfs", "--standard", "-S", str(behind), str(root)]
    try:
        subprocess.run(words, input=b"secret\n", capture_output=True, check=True)
    except OSError:
        pytest.skip("encfs is not installed")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"encfs does not work here: {error.stderr.decode()}")
    try:
        _wait_for(root)
        yield root
    finally:
        subprocess.run(["umount", "--lazy", root], capture_output=True, check=False)


@contextmanager
def short_names_program(folder: Path, root: Path) -> Iterator[Callable[[], None]]:
    """Mount an encrypted folder there; yields what kills the program behind it."""
    behind = folder / "behind"
    behind.mkdir(exist_ok=True)
    words = ["encfs", "-f", "--standard", "-S", str(behind), str(root)]
    try:
        program = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        pytest.skip("encfs is not installed")

    def end() -> None:
        program.kill()
        program.wait()

    try:
        assert program.stdin is not None
        with program.stdin as password:
            password.write(b"secret\n")
        _wait_for(root)
        yield end
        if program.returncode is None:
            subprocess.run(["umount", "--lazy", root], check=False)
    finally:
        end()
