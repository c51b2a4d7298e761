"""A file in memory, as the standard input of a child process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def memory_file(content: bytes) -> Iterator[int]:
    """Yield a descriptor at the start of an anonymous file (memfd_create(2)).

    Unlike a pipe it takes any amount at once, so a child that never reads its standard
    input blocks nobody. It is closed in this process when the block ends.

    Raises:
        OSError: There are no descriptors or no memory left.
    """
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
