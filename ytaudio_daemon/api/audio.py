"""A job's audio as a download, under its own name; a range of it if asked for."""

import mimetypes
import os
import unicodedata
from pathlib import PurePath
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from ytaudio_daemon.api.auth import ContextDep
from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.own_jobs import OwnJob
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.responses import (
    OWN_ITEM_STATUSES,
    PRIVATE_HEADERS,
    OpenApiResponses,
    problem_responses,
)
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.safe_open import open_dir, open_regular_file
from ytaudio_daemon.ledger.queries import JobRow
from ytaudio_daemon.model import JobState

router = APIRouter(prefix="/api/jobs", tags=["Jobs"])

#: Media types by format, as browsers know them.
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
}
#: Characters that `filename*` does not escape (RFC 8187, attr-char).
ATTR_CHARS = "!#$&+-.^_`|~"
#: Hex digits of the audio's SHA-256 in its ETag.
ETAG_DIGITS = 32

_AUDIO_CONTENT = {
    media: {"schema": {"type": "string"}} for media in sorted({*MEDIA_TYPES.values()})
}
_RESPONSE_HEADERS = {
    "ETag": {"schema": {"type": "string"}},
    "Content-Disposition": {"schema": {"type": "string"}},
}
_AUDIO_RESPONSES: OpenApiResponses = {
    200: {
        "description": "The audio",
        "content": _AUDIO_CONTENT,
        "headers": _RESPONSE_HEADERS,
    },
    206: {
        "description": "The part that was asked for",
        "content": {
            **_AUDIO_CONTENT,
            "multipart/byteranges": {"schema": {"type": "string"}},
        },
    },
    304: {"description": "The client has it already"},
}


@router.get(
    "/{job_id}/audio",
    responses={
        **_AUDIO_RESPONSES,
        **problem_responses(*OWN_ITEM_STATUSES, 400, 409, 416),
    },
)
@router.head("/{job_id}/audio", include_in_schema=False)
def get_audio(context: ContextDep, row: OwnJob, request: Request) -> Response:
    """Return a completed job's audio. Takes `Range`, `If-Range`, `If-None-Match`."""
    if row.state is not JobState.COMPLETED or row.output_path is None:
        raise Problem(
            409, "not_completed", f"There is no audio yet: the job is {row.state}."
        )
    name = PurePath(row.output_path).name
    fd = _open_audio(context, row, name)
    found = os.fstat(fd)
    tag = f'"{(row.sha256 or "")[:ETAG_DIGITS]}-{found.st_mtime_ns:x}"'
    headers = {
        **PRIVATE_HEADERS,
        "Cache-Control": "private, no-cache",
        "ETag": tag,
        "Content-Disposition": content_disposition(name),
    }
    if etag_matches(request.headers.get("if-none-match", ""), tag):
        os.close(fd)
        return Response(status_code=304, headers=headers)
    return AudioResponse(fd, found, headers, media_type_of(name))


def _open_audio(context: ApiContext, row: JobRow, name: str) -> int:
    """Open the file below its session's folder; no symbolic link is followed.

    Raises:
        Problem: The file is gone.
    """
    parts = (row.session_uuid, row.uuid, "audio")
    try:
        with open_dir(context.layout.downloads, *parts) as folder:
            return open_regular_file(folder, name)
    except (OSError, UnsafePathError) as error:
        raise _audio_gone() from error


def _audio_gone() -> Problem:
    return Problem(
        404,
        "audio_gone",
        "The audio is no longer there: somebody moved or deleted it.",
        "POST …/retry downloads it again.",
    )


class AudioResponse(FileResponse):
    """A response with the content of an open file, which it always closes.

    Args:
        fd: The descriptor of a regular file; closed here.
        found: The file's `fstat`.
        headers: The response's headers.
        media_type: The file's media type.
    """

    def __init__(
        self, fd: int, found: os.stat_result, headers: dict[str, str], media_type: str
    ) -> None:
        # The framework opens by path: this one leads to our descriptor's file, wherever
        # it has been moved meanwhile (proc(5)).
        path = f"/proc/self/fd/{fd}"
        super().__init__(
            path, headers=headers, media_type=media_type, stat_result=found
        )
        self._fd = fd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file; a range that Starlette refuses becomes a problem."""
        refusal: Problem | None = None

        async def send_unless_refused(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "http.response.start":
                refusal = _range_problem(message)
            if refusal is None:
                await send(message)

        try:
            await super().__call__(scope, receive, send_unless_refused)
        finally:
            os.close(self._fd)
        if refusal is not None:
            await refusal.response()(scope, receive, send)


def _range_problem(start: Message) -> Problem | None:
    headers = Headers(raw=start["headers"])
    if start["status"] == 416:  # noqa: PLR2004 - HTTP's number
        return Problem(
            416,
            "range_not_satisfiable",
            "That part lies behind the file's end.",
            headers={"Content-Range": headers.get("content-range", "")},
        )
    if start["status"] == 400:  # noqa: PLR2004 - HTTP's number
        return Problem(400, "bad_range", "The header Range cannot be understood.")
    return None


def etag_matches(if_none_match: str, tag: str) -> bool:
    """Return whether a client has the file already (RFC 9110, section 13.1.2)."""
    tags = {word.strip().removeprefix("W/") for word in if_none_match.split(",")}
    return "*" in tags or tag in tags


def media_type_of(name: str) -> str:
    """Return the media type of a file by its ending."""
    ending = name.rpartition(".")[2].lower()
    return MEDIA_TYPES.get(ending) or mimetypes.guess_type(name)[0] or "audio/*"


def content_disposition(name: str) -> str:
    """Return a Content-Disposition (RFC 6266) with an ASCII name and the true name.

    Args:
        name: The file's name, in any script.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # Quotes would end it; `%` is decoded by some readers of the plain form.
    safe = "".join("_" if c in '"\\%' or not c.isprintable() else c for c in plain)
    stem, dot, ending = safe.rpartition(".")
    if not stem.strip(" ._-"):
        safe = f"audio{dot}{ending}"
    true = quote(name.encode("utf-8", "replace"), safe=ATTR_CHARS)
    return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{true}"
