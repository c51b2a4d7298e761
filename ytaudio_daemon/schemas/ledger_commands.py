"""Documents that `ytaudio ledger backup`, `check` and `restore` print."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    Count,
    Keywords,
    Positive,
    Time,
    one_of,
)


class LedgerBackupDocument(TypedDict):
    """A copy that `ytaudio ledger backup --json` made."""

    schema: Annotated[Literal["ytaudio.ledger-backup/1"], NAME_OF_FORM]
    ledger: Annotated[str, "The ledger's file, absolute."]
    file: Annotated[str, "The copy, absolute."]
    size_bytes: Annotated[Positive, "Of the copy."]
    revision: Annotated[str, "The ledger's schema."]


class LedgerFlaw(TypedDict):
    """Something that cannot be so."""

    check: Annotated[
        str,
        one_of(("integrity", "foreign_keys", "counters", "bytes", "states", "jobs")),
        "Which look found it.",
    ]
    message: Annotated[str, Keywords(min_length=1), "What was found, in a sentence."]


class LedgerCheckDocument(TypedDict):
    """What `ytaudio ledger check --json` found."""

    schema: Annotated[Literal["ytaudio.ledger-check/1"], NAME_OF_FORM]
    ledger: Annotated[str, "The file, or the URL without its password."]
    revision: Annotated[str, "Its schema, which is this program's."]
    sound: Annotated[bool, "Whether nothing is wrong (exit status 0)."]
    flaws: Annotated[list[LedgerFlaw], "What is wrong."]


class UnknownDrop(TypedDict):
    """One drop."""

    session: Annotated[str, "Its session's name."]
    path: Annotated[str, "Where it was filed, absolute."]


class LostLink(TypedDict):
    """One link."""

    session: Annotated[str, "Its session's name."]
    line: Annotated[str, "The link with its options, as a line that can be dropped."]


class LedgerRestoreDocument(TypedDict):
    """What `ytaudio ledger restore --json` did."""

    schema: Annotated[Literal["ytaudio.ledger-restore/1"], NAME_OF_FORM]
    ledger: Annotated[str, "The ledger's file, absolute."]
    file: Annotated[str, "The copy that took its place, absolute."]
    revision: Annotated[
        str, "The copy's schema; the daemon migrates an older one at its start."
    ]
    knows_until: Annotated[
        Time,
        "When the newest event in the copy happened; what came later it does not know.",
    ]
    kept_aside: Annotated[
        str | None,
        "Where the ledger is that was there before; null when there was none.",
    ]
    results_to_adopt: Annotated[
        Count,
        "Finished files it does not know, which the daemon takes into it at its next"
        " start.",
    ]
    unknown_drops: Annotated[
        list[UnknownDrop],
        "Drops filed since, which it does not know: moved back into their session's folder"
        " they are taken again.",
    ]
    lost_links: Annotated[
        list[LostLink],
        "Links given to the API since, which only the replaced ledger knows.",
    ]
