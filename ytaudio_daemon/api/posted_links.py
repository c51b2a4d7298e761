"""Reads the link and its options in the body of a request."""

from dataclasses import dataclass

from ytaudio_daemon.api.context import ApiContext
from ytaudio_daemon.api.problems import Problem
from ytaudio_daemon.api.request_models import NewJob
from ytaudio_daemon.api.vocabulary import to_options
from ytaudio_daemon.dropfile.link_target import (
    LinkTarget,
    find_range_emptied_by,
    misused_options,
    single_target,
)
from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders.session_defaults import read_session_defaults
from ytaudio_daemon.ledger.sessions import Session
from ytaudio_daemon.model import Layer, OptionError, Options
from ytaudio_daemon.model.collection_options import check_collection_option
from ytaudio_daemon.model.options import check_layer, effective_options


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedLink:
    """An accepted link with all of its options.

    Attributes:
        target: A video or a collection.
        options: Its jobs': the request's laid over the session's and the config's.
        layer: The options of collections and of the archive, the request's laid over the
            session's.
    """

    target: LinkTarget
    options: Options
    layer: Layer

    @property
    def again(self) -> bool:
        """Whether a video is downloaded although the archive has it."""
        return self.layer.get("again") == "yes"


def read_posted_link(
    context: ApiContext, session: Session, new_job: NewJob
) -> PostedLink:
    """Return the link of a request with all of its options.

    Raises:
        Problem: The link or an option is refused, or the session's `defaults.toml` is
            wrong.
    """
    download = context.settings.download
    try:
        own = check_layer(to_options(new_job.given_options()))
        of_collection = _checked_collection_options(new_job)
    except OptionError as error:
        raise Problem(422, error.code, error.message) from error
    defaults = _session_defaults(context, session)
    return PostedLink(
        target=_target(new_job.url, of_collection, defaults),
        options=effective_options(download.bitrate, download.layer, defaults, own),
        layer={**defaults, **of_collection},
    )


def _checked_collection_options(new_job: NewJob) -> Layer:
    given = new_job.given_collection_options()
    return {key: check_collection_option(key, given[key]) for key in given}


def _target(url: str, layer: Layer, defaults: Layer) -> LinkTarget:
    """Return the video or the collection that a link names.

    Args:
        url: The link.
        layer: The request's own options of collections.
        defaults: The session's options, which they override.

    Raises:
        Problem: The link is refused, or an option does not fit it.
    """
    target = single_target(url, layer)
    is_list = target.collection is not None
    misused = misused_options(layer, layer, has_collection=is_list)
    emptied = find_range_emptied_by(defaults, layer) if is_list else None
    problem = target.problem or misused or emptied
    if problem is not None:
        raise Problem(422, problem.code, problem.message)
    return target


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
