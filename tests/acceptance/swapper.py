"""`python -m tests.acceptance.swapper A B …`: exchange pairs of names in a tight loop.

Ends when its standard input closes, with every name back where it was.
"""

import ctypes
import os
import select
import sys
from contextlib import suppress

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def exchange(one: str, other: str) -> None:
    """Swap two names in one step; they may be anything."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), one)


def main() -> int:
    """Swap until nobody wants it any more; prints how often."""
    pairs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    rounds = 0
    while rounds % 4 or not select.select([sys.stdin], [], [], 0)[0]:
        for one, other in pairs:
            # Every other round a pair inside a swapped folder is out of reach.
            with suppress(FileNotFoundError):
                exchange(one, other)
        rounds += 1
        select.select([], [], [], 0.0003 * (rounds % 7))
    sys.stdout.write(str(rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
