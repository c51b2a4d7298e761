"""What the command's exit status says. `YtaudioError.exit_code` uses the same."""

from enum import IntEnum


class Exit(IntEnum):
    """Every exit status there is."""

    OK = 0
    #: Something failed: a job, a line, the command.
    FAILED = 1
    #: The command line or the configuration is unusable.
    USAGE = 2
    #: The daemon is not running, or hangs (`status`, `wait`).
    DAEMON_DOWN = 3
    #: No such session or job.
    UNKNOWN = 4
    #: `wait --timeout` is over.
    TIMEOUT = 5
    #: It works, but not as it should.
    DEGRADED = 6
    #: Ctrl-C, as shells have it: 128 + SIGINT.
    INTERRUPTED = 130
