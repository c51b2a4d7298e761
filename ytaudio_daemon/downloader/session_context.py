"""Sessions for programs: the same rows of the ledger that inbox folders have."""

import uuid
from dataclasses import dataclass, field
from functools import partial

from ytaudio_daemon.downloader.open_ledger import open_or_create_ledger
from ytaudio_daemon.downloader.options_input import (
    checked_options,
    default_settings,
    parse_url,
)
from ytaudio_daemon.errors import SessionExpiredError, UnknownSessionError, UsageError
from ytaudio_daemon.folders.layout import layout_of
from ytaudio_daemon.ledger import Connection, queries, sessions
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import Options, SessionState
from ytaudio_daemon.operations import session_changes
from ytaudio_daemon.operations.transaction import write_now
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import LinkError

#: The defaults of `AudioDownloader`, whatever the config says.
DEFAULTS: dict[str, object] = {
    name: getattr(Options(), name) for name in ("format", "quality", "filename")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionContext:
    """One session, as it was when `get_session` read it.

    Attributes:
        session_uuid: Its UUID.
        name: The name of its inbox folder; the UUID if no other was given.
        settings: The settings that name its ledger.
    """

    session_uuid: str
    name: str
    settings: Settings = field(repr=False)

    def get_url_uuid(self, url: str, **options: str) -> str:
        """Return the UUID of the job for a link: the same one every time.

        Writes nothing; `download_audio_with_session` records the job.

        Args:
            url: A link to one YouTube video, in any of its forms.
            options: `format`, `quality`, `bitrate`, `filename`, if they differ from the
                defaults of `AudioDownloader`.

        Raises:
            UsageError: It is no such link, or an option is not allowed.
            SessionExpiredError, UnknownSessionError: The session ended, or was pruned.
        """
        try:
            link = parse_url(url)
        except LinkError as error:
            raise UsageError(error.message) from error
        profile = checked_options(DEFAULTS | options, self.settings).profile()
        with open_or_create_ledger(self.settings) as ledger, ledger.read() as db:
            session = require_active_session(db, self.session_uuid)
            known = queries.find_job_by_audio(db, session.id, link.video_id, profile)
        if known is not None:
            return known.uuid
        return str(uuid.uuid5(uuid.UUID(session.uuid), f"{link.video_id}:{profile}"))


def create_session(name: str | None = None, *, settings: Settings | None = None) -> str:
    """Open a session and return its UUID; it expires like any other.

    Args:
        name: The name of its inbox folder; the UUID if None. The UUID of an active
            session of that name is returned, if there is one.
        settings: Replace those that `ytaudio` would find here.

    Raises:
        UsageError: The name is not allowed.
        ConfigError, LedgerError: Config or ledger cannot be used.
    """
    session_changes.require_valid_name(name)
    settings = settings or default_settings()
    with open_or_create_ledger(settings) as ledger:
        open_write = partial(write_now, ledger)
        created = session_changes.create_session(open_write, layout_of(settings), name)
    return created.session.uuid


def get_session(
    session_uuid: str, *, settings: Settings | None = None
) -> SessionContext:
    """Return an active session.

    Args:
        session_uuid: From `create_session`, `ytaudio session list` or the API.
        settings: Replace those that `ytaudio` would find here.

    Raises:
        UnknownSessionError: There is none with that UUID.
        SessionExpiredError: It has ended.
        ConfigError, LedgerError: Config or ledger cannot be used.
    """
    settings = settings or default_settings()
    with open_or_create_ledger(settings) as ledger, ledger.read() as db:
        session = require_active_session(db, session_uuid)
    return SessionContext(
        session_uuid=session.uuid, name=session.name, settings=settings
    )


def require_active_session(db: Connection, session_uuid: str) -> Session:
    """Return the active session with that UUID; a name is not accepted.

    Raises:
        UnknownSessionError: There is no such session.
        SessionExpiredError: It has ended.
    """
    session = sessions.find_session(db, str(session_uuid).lower())
    if session is None or session.uuid != str(session_uuid).lower():
        raise UnknownSessionError(
            f"there is no session {session_uuid!r}", "create_session() opens one."
        )
    if session.state is not SessionState.ACTIVE:
        raise SessionExpiredError(
            f"session {session.uuid} has expired", "create_session() opens a new one."
        )
    return session
