"""Whether this process may run code that it has just written, as JavaScript's JIT does.

systemd's `MemoryDenyWriteExecute=` forbids it to a service and all its children; V8 then
panics unless it is told to interpret.
"""

import functools
import mmap


@functools.cache
def is_denied() -> bool:
    """Return whether mapping a page writable and executable is forbidden."""
    try:
        page = mmap.mmap(
            -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
    except OSError:
        return True
    page.close()
    return False
