"""The exit statuses of the command. `YtaudioError.exit_code` uses the same numbers."""

from enum import IntEnum


class Exit(IntEnum):
    """An exit status."""

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
