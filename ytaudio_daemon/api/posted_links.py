"""What the body of a request asks for: a link, its options, a selection of entries."""

from dataclasses import replace

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import NewJob
from ytaudio_daemon.api.vocabulary import to_options
from ytaudio_daemon.dropfile.link_target import (
    LinkTarget,
    misused_option,
    single_target,
)
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import Layer, OptionError, Options
from ytaudio_daemon.model.collection_options import check_collection_option
from ytaudio_daemon.model.options import check_layer, effective_options
from ytaudio_daemon.model.selection import Selection


def asked_target(wanted: NewJob, *, again: bool) -> tuple[LinkTarget, Selection]:
    """Return what the link of a request asks for, and the selection of its entries.

    Args:
        wanted: The request.
        again: Entries that the archive has are wanted, too.
    """
    layer: dict[str, object] = {}
    try:
        for key, value in wanted.given_selection().items():
            layer[key] = check_collection_option(key, value)
    except OptionError as error:
        raise Problem(422, error.code, error.message) from error
    target = single_target(wanted.url, layer)
    problem = target.problem
    if problem is None and target.collection is None:
        problem = misused_option(layer)
    if problem is not None:
        raise Problem(422, problem.code, problem.message)
    return target, replace(Selection.from_layer(layer), again=again)


def posted_options(
    context: ApiContext, session: Session, wanted: NewJob
) -> tuple[Options, bool]:
    """Return the options of the request over the session's and the config's.

    Beside them: whether the video is fetched although the archive has it.
    """
    download = context.settings.download
    try:
        own = check_layer(to_options(wanted.given_options()))
    except OptionError as error:
        raise Problem(422, error.code, error.message) from error
    defaults = _session_defaults(context, session)
    options = effective_options(download.bitrate, download.layer, defaults, own)
    again = wanted.again
    return options, defaults.get("again") == "yes" if again is None else again


def _session_defaults(context: ApiContext, session: Session) -> Layer:
    """Return the options in the session's `defaults.toml`, as for drops."""
    try:
        return read_session_defaults(context.layout.inbox, session.name)
    except (OptionError, UnsafePathError, OSError, ValueError) as error:
        raise Problem(
            409,
            "bad_session_defaults",
            f"The session's defaults.toml is wrong: {error}",
            "Correct it, or remove it.",
        ) from error
