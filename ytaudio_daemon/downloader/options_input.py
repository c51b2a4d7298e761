"""Validates the links and options that callers of the Python API pass."""

import os
from collections.abc import Mapping
from pathlib import Path

from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model import Layer, OptionError, Options
from ytaudio_daemon.model.options import check_layer, effective_options
from ytaudio_daemon.settings import Settings, find_config, load
from ytaudio_daemon.urls import CollectionError, Link, LinkError, parse_link

#: Callers who know yt-dlp write it; the format decides the ending anyway.
_YT_DLP_ENDING = ".%(ext)s"

_WHOLE_COLLECTION = (
    "this link names a playlist, an album or a channel, and one video is asked for: "
    "download_collection takes it as a whole"
)


def default_settings() -> Settings:
    """Return the settings that the command `ytaudio` would have here.

    Raises:
        ConfigError: They are unusable.
    """
    return load(find_config(os.environ, Path.cwd()), os.environ)


def checked_options(given: Mapping[str, object], settings: Settings) -> Options:
    """Return the effective options for those that a caller gives.

    Raises:
        UsageError: An option is not on the list, or its value not allowed.
    """
    layer = checked_layer(given)
    return effective_options(settings.download.bitrate, settings.download.layer, layer)


def checked_layer(given: Mapping[str, object]) -> Layer:
    """Return the caller's options in their canonical form.

    Raises:
        UsageError: One is not on the list, or its value not allowed.
    """
    try:
        return check_layer(_without_ending(given))
    except OptionError as error:
        raise UsageError(
            error.message, "See `ytaudio formats` for what is allowed."
        ) from error


def _without_ending(given: Mapping[str, object]) -> dict[str, object]:
    """Return the options with yt-dlp's `.%(ext)s` removed from the file name."""
    filename = given.get("filename")
    if not isinstance(filename, str):
        return dict(given)
    return {**given, "filename": filename.removesuffix(_YT_DLP_ENDING)}


def folder_path(output_dir: str | os.PathLike[str]) -> Path:
    """Return the folder that a caller names.

    Raises:
        UsageError: It is neither text nor a path.
    """
    try:
        return Path(os.fspath(output_dir))
    except TypeError as error:
        raise UsageError(
            f"output_dir cannot be {output_dir!r}; allowed: the path of a folder, as "
            'text or a Path; "." is the current one'
        ) from error


def require_text(url: object) -> str:
    """Return a link that a caller passes.

    Raises:
        LinkError: It is no text.
    """
    if not isinstance(url, str):
        raise LinkError("not_a_url", f"a link is a text, not {type(url).__name__}")
    return url


def parse_url(url: object) -> Link:
    """Return the video that a link leads to.

    Raises:
        LinkError: It is no link to one YouTube video, or no text at all.
    """
    try:
        return parse_link(require_text(url))
    except CollectionError as error:
        if error.collection is None:
            raise
        raise LinkError(error.code, _WHOLE_COLLECTION) from error
