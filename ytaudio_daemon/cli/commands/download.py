"""`download`: downloads links at once, without a daemon, into one folder."""

import sys
from pathlib import Path

from ytaudio_daemon.cli.arguments.selection import given_selection, option_flag
from ytaudio_daemon.cli.commands import download_batch
from ytaudio_daemon.cli.commands.download_bars import BarReporter
from ytaudio_daemon.cli.commands.download_list import (
    DownloadList,
    LinksFile,
    build_list,
    daemon_option_sentences,
)
from ytaudio_daemon.cli.commands.download_reporters import JsonReporter, LineReporter
from ytaudio_daemon.cli.commands.download_results import BatchReporter
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.formatting import format_size
from ytaudio_daemon.downloader.options_input import checked_layer
from ytaudio_daemon.dropfile import DropKind, drop_kind
from ytaudio_daemon.dropfile.switched_off import switched_off_sentence
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.model.collection_options import KEYS_OF_VIDEOS
from ytaudio_daemon.model.options import Layer


def run(context: CommandContext) -> int:
    """Download all links; 1 when one was refused or failed."""
    file = _read_urls_file(context)
    links = [*context.args.more_urls, *context.args.urls]
    download_list = build_list(links, file, *_option_layers(context))
    if not download_list.items:
        raise _empty_list_error(download_list)
    _require_collection(context, download_list)
    if file is not None and download_list.switched_off and not context.args.json:
        sentence = _switched_off_sentence(download_list)
        context.output.stderr_line(f"{file.name}: {sentence}")
    if file is not None:
        for sentence in daemon_option_sentences(download_list):
            context.output.stderr_line(f"{file.name}: {sentence}")
    reporter = _reporter(context, download_list)
    return download_batch.run(context, download_list.items, reporter)


def _require_collection(context: CommandContext, download_list: DownloadList) -> None:
    """Refuse flags that select entries where no collection is named.

    Raises:
        UsageError: There is such a flag.
    """
    keys = [key for key in given_selection(context.args) if key not in KEYS_OF_VIDEOS]
    if keys and not any(item.collection for item in download_list.items):
        raise UsageError(
            f"{option_flag(keys[0])} goes with a playlist, an album or a channel, and here "
            "is none",
            "--list yes takes the list that stands in a video's link.",
        )


def _empty_list_error(download_list: DownloadList) -> UsageError:
    if download_list.switched_off:
        return UsageError(
            f"there is nothing to download: {_switched_off_sentence(download_list)}",
            "Remove the # before the links that you want.",
        )
    return UsageError(
        "there is nothing to download",
        "Give links, or --urls-file FILE; ytaudio download --help",
    )


def _switched_off_sentence(download_list: DownloadList) -> str:
    lines = download_list.switched_off
    return switched_off_sentence(len(lines), list(dict.fromkeys(lines)))


def _reporter(context: CommandContext, download_list: DownloadList) -> BatchReporter:
    if context.args.json:
        return JsonReporter(context, download_list.switched_off)
    return BarReporter(context) if context.output.is_terminal else LineReporter(context)


def _read_urls_file(context: CommandContext) -> LinksFile | None:
    """Read the file of links; None when none is given.

    A name without a known ending is plain text.

    Raises:
        UsageError: It cannot be read, or is too big.
    """
    given = context.args.urls_file
    if given is None:
        return None
    limit = context.settings.inbox.max_file_size
    try:
        if given == "-":
            name, content = "standard input", sys.stdin.buffer.read(limit + 1)
        else:
            name = Path(given).name
            with Path(given).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{given} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise UsageError(
            f"{given} is bigger than {format_size(limit)}, the limit of a list"
        )
    return LinksFile(name, content, drop_kind(name) or DropKind.TEXT)


def _option_layers(context: CommandContext) -> tuple[Layer, str]:
    """Return the options that those of a file's lines override, and the default bitrate.

    Raises:
        UsageError: One is not allowed.
    """
    names = ("filename", "quality", "format", "bitrate")
    given = {name: getattr(context.args, name) for name in names}
    own = checked_layer({k: v for k, v in given.items() if v is not None})
    download = context.settings.download
    selection = given_selection(context.args)
    return {**download.layer, **own, **selection}, download.bitrate
