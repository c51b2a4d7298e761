"""Other users of the machine, and what only root may do with them.

Everybody may run these tests. What a caller has no right to try is skipped, and
`tests/conftest.py` counts it by reason at the end.
"""

import functools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Nobody, as Debian has it.
NOBODY = 65534
NEEDS_ROOT = "only root gives files away and becomes somebody else"


@functools.cache
def may_be_anybody() -> bool:
    """Return whether we may give files away and become their owner.

    root may not everywhere: a container can lack the rights, or have no other user.
    """
    if os.geteuid() != 0:
        return False
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.chown(file.name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        except OSError:
            return False
        os.seteuid(0)
    return True


#: For tests that do so.
needs_root = pytest.mark.skipif(not may_be_anybody(), reason=NEEDS_ROOT)


def let_others_in(folder: Path) -> None:
    """Open a folder below `tmp_path`, and pytest's own above it, to everybody."""
    for place in (folder, *folder.parents):
        place.chmod(0o755)
        if place.name.startswith("pytest-of-"):
            return


@contextmanager
def mounted(place: Path, *words: str) -> Iterator[None]:
    """Mount something at a place; skips where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    try:
        subprocess.run(["mount", *words, place], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        # The test may have unmounted it itself.
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
