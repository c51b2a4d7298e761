"""Everything that can go wrong and has a name.

```
YtaudioError                 message: what, where, why; hint: what to do
├── ConfigError              a config file, variable or flag is unusable (exit 2)
├── UsageError               a command cannot do what was asked (exit 2)
├── UnknownSessionError      no session of that name or UUID (exit 4)
├── SessionExpiredError      the session has ended (exit 4)
├── ListingError             a playlist, album or channel cannot be listed (exit 1)
├── TooManyListingsError     a session has too many collections to be listed (exit 1)
├── UnknownJobError          no job, or several, by that ID (exit 4)
├── IllegalMoveError         a job's state does not allow that step (exit 1)
├── AlreadyRunningError      another daemon holds this state folder (exit 1)
├── LedgerError              the ledger cannot be used (exit 1)
│   ├── NoLedgerError        no daemon has ever made it
│   ├── LedgerTooNewError    its schema is newer than this program
│   ├── LedgerTooOldError    its schema must be migrated by the daemon first
│   ├── LedgerGoneError      its file was deleted or replaced under the daemon
│   ├── LedgerBusyError      another process's write took too long (may pass)
│   ├── LedgerFullError      the disk under it is full (may pass)
│   └── LedgerUnreachableError  PostgreSQL, or its folder, is closed (may pass)
├── FolderError              a folder cannot be made or used (exit 1: it may pass)
├── DropChangedError         a drop changed while it was read (read it again)
├── UnsafePathError          a link, device or foreign file where ours should be
├── ResultGoneError          a published file was removed, or replaced
├── YtDlpVersionError        a yt-dlp cannot be fetched, used, or gone back to
│   └── YtDlpVersionsLockedError  another process is changing it (may pass)
└── TemplateError            the worker template cannot be started
```

A failed download is no exception: it is data, a `model.Failure`.
"""


class YtaudioError(Exception):
    """The root of this program's own errors.

    Args:
        message: One sentence: what, where and why.
        hint: What the person can do about it, or "".
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(YtaudioError):
    """A config file, environment variable or flag is unusable."""

    exit_code = 2


class UsageError(YtaudioError):
    """A command cannot do what was asked."""

    exit_code = 2


class UnknownSessionError(YtaudioError):
    """No session has that name or UUID."""

    exit_code = 4


class SessionExpiredError(YtaudioError):
    """The session has ended; a new one is needed."""

    exit_code = 4


class ListingError(YtaudioError):
    """A playlist, an album or a channel cannot be listed, or not to its end."""


class TooManyListingsError(YtaudioError):
    """A session has as many collections to be listed as it may have."""


class UnknownJobError(YtaudioError):
    """No job has that ID, or a prefix fits several."""

    exit_code = 4


class IllegalMoveError(YtaudioError):
    """A job's state does not allow that step."""


class AlreadyRunningError(YtaudioError):
    """Another daemon holds this state folder."""


class LedgerError(YtaudioError):
    """The ledger cannot be used."""


class NoLedgerError(LedgerError):
    """No daemon has ever made the ledger; `wait` says "not running" (exit 3)."""


class LedgerTooNewError(LedgerError):
    """The ledger's schema is newer than this program."""


class LedgerTooOldError(LedgerError):
    """The ledger's schema must be migrated by the daemon first."""


class LedgerGoneError(LedgerError):
    """The ledger's file was deleted or replaced under the daemon."""


class LedgerBusyError(LedgerError):
    """Another process's write took longer than this one could wait."""


class LedgerFullError(LedgerError):
    """The disk under the ledger is full; nothing was written."""


class LedgerUnreachableError(LedgerError):
    """PostgreSQL does not answer, or SQLite's file cannot be looked at.

    A transaction that was being committed may have been; transitions are fenced, so the
    same one again does no harm.
    """


class FolderError(YtaudioError):
    """A folder cannot be made or used; a disk may be mounted yet, a mode be mended."""


class DropChangedError(YtaudioError):
    """A drop, or what goes with it, changed while it was read: it is read again."""


class UnsafePathError(YtaudioError):
    """A link, device or foreign file stands where one of ours should."""


class ResultGoneError(YtaudioError):
    """A published file was removed, or something else has its name."""


class YtDlpVersionError(YtaudioError):
    """A version of yt-dlp cannot be fetched, used, or gone back to."""


class YtDlpVersionsLockedError(YtDlpVersionError):
    """Another process is changing the versions of yt-dlp."""


class TemplateError(YtaudioError):
    """The worker template cannot be started."""


#: What a title, a name, a clock, a locale or a file system does to one item, and what a
#: mistake of this program that only this item brings out. ValueError has UnicodeError and
#: dates out of range in it. Caught where the item is in hand, so that no other item waits
#: for it, and no step ends.
ITEM_ERRORS = (
    OSError,
    UnsafePathError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
