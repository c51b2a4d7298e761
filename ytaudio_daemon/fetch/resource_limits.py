"""Resource limits of a worker process."""

import resource

from ytaudio_daemon.model import Limits

#: Tags, pictures and containers on top of the sound.
_SLACK_BYTES = 64 << 20


def limit_file_size(limits: Limits) -> None:
    """Limit the size of files this process and its ffmpeg write (RLIMIT_FSIZE).

    Never RLIMIT_AS: deno reserves terabytes of address space and would not start.
    """
    if limits.max_size_bytes:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        soft = limits.max_size_bytes + _SLACK_BYTES
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
