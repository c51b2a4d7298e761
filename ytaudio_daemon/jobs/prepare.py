"""Makes a claimed attempt ready, for the daemon and for the Python API."""

from pathlib import Path

from ytaudio_daemon.errors import ITEM_ERRORS
from ytaudio_daemon.fetch.tools import Tools
from ytaudio_daemon.folders import Layout, cookie_jars, publishing
from ytaudio_daemon.jobs.byte_limit import byte_limit_failure
from ytaudio_daemon.jobs.fetch_requests import fetch_request
from ytaudio_daemon.jobs.publisher import Publication, Publisher
from ytaudio_daemon.ledger import Ledger
from ytaudio_daemon.ledger.claims import Claim
from ytaudio_daemon.ledger.job_collections import collection_of_job
from ytaudio_daemon.model import Failure, FailureKind, FetchRequest, Outcome
from ytaudio_daemon.model.host_errors import find_host_error
from ytaudio_daemon.model.job_collection import JobCollection
from ytaudio_daemon.settings import Settings
from ytaudio_daemon.urls import Link

#: What our folder for configs is called, in /etc and in ~/.config.
CONFIG_FOLDER = "ytaudio"


def prepare(
    claim: Claim, ledger: Ledger, layout: Layout, settings: Settings, tools: Tools
) -> FetchRequest | Publication | Outcome:
    """Make the attempt's folder and return the request for its worker.

    Repeatable; writes nothing to the ledger.

    Args:
        claim: The attempt.
        ledger: Holds the session's limits, and the job's collection.
        layout: Where attempts work and where results go.
        settings: Sections download, sessions and disk.
        tools: ffmpeg and the JavaScript runtime.

    Returns:
        The request; or, when no worker is needed, the attempt's end for
        `AttemptCompleter.finish`: its audio is published already, its session is full,
        or a folder cannot be used.

    Raises:
        LedgerError: The ledger cannot be read; call again.
    """
    # First, so that an error of all of downloads/ is a failure of the host.
    try:
        earlier = publishing.begin_attempt(layout, claim.uuid, claim.attempt)
    except ITEM_ERRORS as error:
        return Outcome(failure=work_folder_failure(error))
    found = Publisher(layout).find(claim)
    if isinstance(found, Publication):
        return found
    failure = found or byte_limit_failure(ledger, settings.sessions.quota, claim)
    if failure is not None:
        return Outcome(failure=failure)
    collection = None
    if claim.is_of_collection:
        with ledger.read() as db:
            collection = collection_of_job(db, claim.job_id)
    return fetch_request(
        settings,
        tools,
        key=claim.uuid,
        attempt=claim.attempt,
        link=Link(video_id=claim.video_id, is_music=claim.is_music),
        options=claim.options,
        attempt_dir=layout.attempt_dir(claim.uuid, claim.attempt),
        cache_dir=layout.cache,
        earlier_dirs=earlier,
        private_paths=private_paths(layout, settings),
        job_facts=_job_facts(claim, collection),
        album_tags=collection.album_tags if collection else {},
        own_cookies=cookie_jars.find_cookies(layout, claim.session_uuid),
        egress=claim.egress,
    )


def private_paths(layout: Layout, settings: Settings) -> list[Path]:
    """Return the paths that workers must not reach: drops, audio, ledger, passwords."""
    folders = [layout.inbox, layout.downloads, layout.library, layout.status]
    config = settings.config_file
    if config is not None and config.parent.name == CONFIG_FOLDER:
        config = config.parent  # beside it: the API's token
    found = [*folders, layout.state, settings.log.directory, config]
    return [path for path in found if path is not None]


def _job_facts(claim: Claim, collection: JobCollection | None) -> dict[str, object]:
    """Return the job's own facts in `job.json`, which a worker copies there."""
    return {
        "id": claim.uuid,
        "session": claim.session_name,
        "session_uuid": claim.session_uuid,
        "source": {
            "file": claim.source_file,
            "line": claim.source_line,
            "part": claim.source_part,
        },
        "collection": collection.to_json() if collection else None,
    }


def work_folder_failure(error: Exception) -> Failure:
    """Return the failure of a work folder; without its path, as everybody sees it."""
    found = find_host_error(error.errno) if isinstance(error, OSError) else None
    reason = getattr(error, "strerror", None) or error
    hint = "Check the disk and the permissions of downloads/: `ytaudio doctor`."
    return Failure(
        kind=FailureKind.HOST,
        code="work_folder",
        message=f"The folder for unfinished work cannot be made: {reason}",
        hint=found.remedy("downloads/.work") if found else hint,
    )
