"""The four error columns of jobs and collections: written, cleared and read."""

from typing import Any

from ytaudio_daemon.model import Failure
from ytaudio_daemon.model.host_errors import current_code

#: The columns of a row without an error.
NO_ERROR: dict[str, Any] = {
    "error_kind": None,
    "error_code": None,
    "error_message": None,
    "error_hint": None,
}


def error_columns(failure: Failure) -> dict[str, Any]:
    """Return the columns of a row whose latest attempt failed so."""
    return {
        "error_kind": failure.kind.value,
        "error_code": failure.code,
        "error_message": failure.message,
        "error_hint": failure.hint,
    }


def error_from_row(row: Any) -> dict[str, str] | None:
    """Return the latest failure of a job's or collection's row; None when it has none."""
    if row.error_kind is None:
        return None
    return {
        "kind": row.error_kind,
        "code": current_code(row.error_code),
        "message": row.error_message,
        "hint": row.error_hint,
    }
