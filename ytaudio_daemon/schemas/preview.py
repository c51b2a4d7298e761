"""What a collection would come to, before anything of it is asked for."""

from typing import Annotated, Literal, TypedDict

from ytaudio_daemon.schemas.fields import (
    NAME_OF_FORM,
    Amount,
    CanonicalUrl,
    CollectionKind,
    Count,
    Time,
)


class PreviewSums(TypedDict):
    """Entries that would become jobs, in sum."""

    items: Annotated[Count, "Entries that would become jobs, or have one already."]
    duration_s: Annotated[
        Amount | None,
        "Seconds of all of them; where the list does not name a length, the mean of the"
        " others is taken. null: it names none.",
    ]
    estimated_bytes: Annotated[
        Count | None, "About how much finished audio they are; null likewise."
    ]
    here: Annotated[Count, "Of these, the ones whose audio the session has."]
    unfinished: Annotated[Count, "Those whose job is not finalized yet."]
    archived: Annotated[
        Count, "Those that the archive has: they are not downloaded, unless asked for."
    ]
    done_at: Annotated[
        Time | None,
        "About when the rest would be done at the present pace, behind what is queued;"
        " null while nobody can say: see `note`.",
    ]
    note: Annotated[str | None, "Why `done_at` is not known."]


class CollectionPreview(PreviewSums):
    """A playlist, album or channel as it is now."""

    url: CanonicalUrl
    kind: CollectionKind
    title: Annotated[str | None, "As YouTube names it."]
    channel: Annotated[str | None, "Whose it is."]
    count: Annotated[Count | None, "How many entries it has; null if unknown."]
    unavailable: Annotated[
        Count, "Selected entries that YouTube does not hand out: no jobs."
    ]
    skipped: Annotated[
        dict[str, int], "Entries that are not selected: how many, by reason."
    ]
    is_cut: Annotated[bool, "The list goes on behind what was looked at."]
    unknown_lengths: Annotated[Count, "Items whose length the list does not name."]


class PreviewDocument(CollectionPreview):
    """What `POST /api/collections/preview` answers: nothing of it was recorded."""

    schema: Annotated[Literal["ytaudio.preview/1"], NAME_OF_FORM]
