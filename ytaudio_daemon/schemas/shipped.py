"""The JSON Schemas that are shipped with the program, by the name of their file."""

from typing import get_args, get_type_hints

from ytaudio_daemon.schemas import archive_commands, commands, download, ledger_commands
from ytaudio_daemon.schemas.collection import (
    CollectionDetailsDocument,
    CollectionList,
    SubscriptionList,
)
from ytaudio_daemon.schemas.daemon import DaemonFile
from ytaudio_daemon.schemas.job import JobDocument, JobList
from ytaudio_daemon.schemas.json_schema import Schema, object_schema
from ytaudio_daemon.schemas.notice import NoticeDocument
from ytaudio_daemon.schemas.preview import PreviewDocument
from ytaudio_daemon.schemas.receipt import ReceiptDocument
from ytaudio_daemon.schemas.session import SessionDetails, SessionFile, SessionList

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Every document with its title.
TITLES: dict[type, str] = {
    archive_commands.ArchiveDocument: "Archive",
    archive_commands.ArchiveForgetDocument: "Forgotten",
    archive_commands.ArchiveImportDocument: "Import into the archive",
    commands.CheckDocument: "Verdict on a file",
    CollectionDetailsDocument: "Collection in full",
    CollectionList: "Collections",
    commands.ConfigDocument: "Settings",
    commands.ConfigKeysDocument: "Keys of the config",
    DaemonFile: "Daemon",
    commands.DoctorDocument: "Findings",
    download.DownloadDocument: "Downloads",
    commands.FormatsDocument: "Formats and qualities",
    JobDocument: "Job",
    JobList: "Jobs",
    ledger_commands.LedgerBackupDocument: "Backup",
    ledger_commands.LedgerCheckDocument: "Check",
    ledger_commands.LedgerRestoreDocument: "Restore",
    commands.LibraryRelayoutDocument: "The library's files in a new layout",
    NoticeDocument: "Notice",
    commands.NotifyTestDocument: "Receivers tried",
    PreviewDocument: "Preview of a collection",
    ReceiptDocument: "Receipt",
    SessionFile: "Session",
    SessionDetails: "Session in full",
    SessionList: "Sessions",
    SubscriptionList: "Subscriptions",
    commands.WaitDocument: "How it stands after waiting",
}


def shipped_schemas() -> dict[str, Schema]:
    """Return the content of each file, by its name, e.g. `ytaudio.job-1.json`."""
    names = {kind: _file_name(kind) for kind in TITLES}
    return {name: _with_head(kind, names) for kind, name in names.items()}


def _with_head(kind: type, names: dict[type, str]) -> Schema:
    head = {"$schema": DIALECT, "title": TITLES[kind]}
    schema = object_schema(kind, names)
    # The inherited fields of a TypedDict come first, wherever its name stands.
    properties = schema["properties"]
    schema["properties"] = {"schema": properties["schema"], **properties}
    return {**head, **schema}


def _file_name(kind: type) -> str:
    """Return the file of a form: `ytaudio.job/1` is `ytaudio.job-1.json`."""
    form = get_type_hints(kind)["schema"]
    while not isinstance(form, str):
        (form,) = get_args(form)
    return f"{form.replace('/', '-')}.json"
