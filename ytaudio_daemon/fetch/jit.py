"""Whether this process may run code that it has just written, as JavaScript's JIT does.

systemd's `MemoryDenyWriteExecute=` forbids it to a service and all its children; V8 then
panics unless an option makes it interpret.
"""

import functools
import mmap


@functools.cache
def is_forbidden() -> bool:
    """Return whether the kernel refuses a page that is writable and executable."""
    try:
        page = mmap.mmap(
            -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
    except OSError:
        return True
    page.close()
    return False
