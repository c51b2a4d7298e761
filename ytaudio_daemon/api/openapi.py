"""The OpenAPI description: what FastAPI finds, and the schemas of the status files."""

import json
from copy import deepcopy
from importlib.resources import files
from typing import Any

from ytaudio_daemon.api.request_models import EXAMPLE_URL, EXAMPLE_UUID
from ytaudio_daemon.api.vocabulary import AUDIO, Status
from ytaudio_daemon.model import JobState

Schema = dict[str, Any]

#: Schemas of the status files, by the name they have here.
SCHEMA_FILES = {
    "Job": "ytaudio.job-1",
    "Session": "ytaudio.session-1",
    "Daemon": "ytaudio.daemon-1",
}
#: Where one of them refers to another.
REF_TARGETS = {"ytaudio.job-1.json": "#/components/schemas/Job"}

API_DESCRIPTION = """\
Post links to YouTube videos, get tagged, proven audio. A job posted here is a job like any
other: the daemon runs it, `ytaudio status` shows it.

A session's UUID works like a password: send it as `X-Session-ID`. Errors are problem
details (RFC 9457) with a stable `code`, one plain sentence and a hint. Times are RFC 3339 in
UTC; fields are only ever added; null is never left out.
"""

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
NULLABLE: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": "boolean"}


def shared_schemas() -> dict[str, Schema]:
    """Return every schema that answers refer to."""
    found = {name: _load_schema(file) for name, file in SCHEMA_FILES.items()}
    session = found["Session"]["properties"]["session"]
    session["required"].remove("ignored")  # about its folder, not for its holder
    found["Session"] = session
    return found | _response_schemas()


def without_operator(description: Schema) -> Schema:
    """Return the description for a server without a token: nobody needs one."""
    told = deepcopy(description)
    for path in told["paths"].values():
        for operation in path.values():
            rest = [s for s in operation.get("security", []) if "operator" not in s]
            was = operation.pop("security", [])
            if rest and len(rest) == len(was):
                operation["security"] = rest
    told["components"]["securitySchemes"].pop("operator", None)
    return told


def _load_schema(name: str) -> Schema:
    text = (
        files("ytaudio_daemon").joinpath("schemas", f"{name}.json").read_text("utf-8")
    )
    schema: Schema = _with_local_refs(json.loads(text))
    schema.pop("$schema", None)
    return schema


def _with_local_refs(part: Any) -> Any:
    """Point references to other files at this document."""
    if isinstance(part, list):
        return [_with_local_refs(item) for item in part]
    if not isinstance(part, dict):
        return part
    whole = {key: _with_local_refs(value) for key, value in part.items()}
    if isinstance(whole.get("$ref"), str):
        whole["$ref"] = REF_TARGETS.get(whole["$ref"], whole["$ref"])
    return whole


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(what: str, properties: Schema, **more: Any) -> Schema:
    required = list(properties)
    return {
        "type": "object",
        "description": what,
        "properties": properties,
        "required": required,
        **more,
    }


def _described(schema: Schema, description: str, **more: Any) -> Schema:
    return {**schema, "description": description, **more}


def _response_schemas() -> dict[str, Schema]:
    return {
        "JobAnswer": _job_answer(),
        "JobList": _job_list(),
        "JobPaths": _job_paths(),
        "SessionAnswer": _session_answer(),
        "SessionList": _object(
            "A page of sessions, the oldest first.",
            {
                "sessions": {"type": "array", "items": _ref("SessionAnswer")},
                "next": _described(
                    NULLABLE, "`after` of the next page; null: no more."
                ),
            },
        ),
        "Overview": _overview(),
        "Health": _health(),
        "DaemonAnswer": _daemon_answer(),
        "Problem": _problem(),
    }


def _job_answer() -> Schema:
    words = _object(
        "A job in the API's words.",
        {
            "job_uuid": _described(TEXT, "The same as `id`.", examples=[EXAMPLE_UUID]),
            "status": _described(
                TEXT,
                "`pending`: queued, held, or waiting for its next try; `processing`: "
                "running.",
                enum=[status.value for status in Status],
                examples=["completed"],
            ),
            "progress_percent": {
                "type": "number",
                "minimum": 0,
                "maximum": 100,
                "description": "Of the download; 99 while converting, 100 when completed.",
                "examples": [42.5],
            },
            "media_type": {"type": "string", "const": AUDIO},
            "quality": _described(TEXT, "The same as `options.quality`."),
            "output_format": _described(TEXT, "The same as `options.format`."),
            "error_message": _described(NULLABLE, "The same as `error.message`."),
            "note": _described(NULLABLE, "What to know while it waits, if anything."),
        },
    )
    return {"description": "A job.", "allOf": [_ref("Job"), words]}


def _job_list() -> Schema:
    return _object(
        "A page of jobs, in the order they were accepted.",
        {
            "schema": {"type": "string", "const": "ytaudio.jobs/1"},
            "jobs": {"type": "array", "items": _ref("JobAnswer")},
            "total": _described(NUMBER, "On all pages together."),
            "next": _described(NULLABLE, "`after` of the next page; null: no more."),
        },
    )


def _job_paths() -> Schema:
    folder = f"/srv/ytaudio/downloads/{EXAMPLE_UUID}"
    return _object(
        "Absolute paths on the server.",
        {
            "job_uuid": TEXT,
            "session_uuid": TEXT,
            "session_dir": _described(
                TEXT, "The session's results.", examples=[folder]
            ),
            "job_dir": _described(TEXT, "This job's."),
            "audio_dir": _described(TEXT, "Where the audio is, or will be."),
            "job_file": _described(TEXT, "How it was made: codecs, tags, hash."),
            "output_path": _described(NULLABLE, "The audio; null unless completed."),
            "file_exists": _described(FLAG, "Whether it is still there."),
        },
    )


def _session_answer() -> Schema:
    words = _object(
        "A session in the API's words.",
        {
            "session_uuid": _described(
                TEXT, "The same as `uuid`.", examples=[EXAMPLE_UUID]
            ),
            "status": {"type": "string", "enum": ["active", "expired"]},
            "total_jobs": NUMBER,
            "jobs_by_status": _by_status(),
        },
    )
    return {"description": "A session.", "allOf": [_ref("Session"), words]}


def _by_status() -> Schema:
    return _object("Jobs by status.", {status.value: NUMBER for status in Status})


def _overview() -> Schema:
    return _object(
        "Sessions and jobs, counted.",
        {
            "total_sessions": NUMBER,
            "active_sessions": NUMBER,
            "expired_sessions": NUMBER,
            "total_jobs": NUMBER,
            "jobs_by_status": _by_status(),
            "counts": _object(
                "Jobs by state.", {state.value: NUMBER for state in JobState}
            ),
            "used_bytes": _described(NUMBER, "Finished audio."),
        },
    )


def _health() -> Schema:
    return _object(
        "Whether jobs are taken, and run.",
        {
            "status": _described(
                TEXT, "degraded: jobs wait for a daemon.", enum=["ok", "degraded"]
            ),
            "live": FLAG,
            "ready": _described(FLAG, "The ledger can be read."),
            "version": TEXT,
            "daemon": _object("The daemon.", {"is_up": FLAG, "note": NULLABLE}),
        },
    )


def _daemon_answer() -> Schema:
    more = _object(
        "What this server says about it.",
        {
            "is_up": _described(FLAG, "Whether it is running just now."),
            "note": _described(NULLABLE, "Why not, and what to do."),
        },
    )
    return {"description": "The daemon.", "allOf": [_ref("Daemon"), more]}


def _problem() -> Schema:
    example = {
        "type": "urn:ytaudio:problem:not_a_url",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": f"this is not a link; write one such as {EXAMPLE_URL}",
        "code": "not_a_url",
        "hint": "",
    }
    return _object(
        "Problem details (RFC 9457).",
        {
            "type": _described(TEXT, "`urn:ytaudio:problem:` and the code."),
            "title": _described(TEXT, "The status in words."),
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _described(TEXT, "One sentence for people."),
            "code": _described(TEXT, "Stable, for programs."),
            "hint": _described(TEXT, 'What to do, or "".'),
        },
        examples=[example],
    )
