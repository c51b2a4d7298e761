"""The section that says who is told of what, each key declared once. Pure."""

from dataclasses import dataclass
from typing import Annotated

from ytaudio_daemon.settings import list_types, value_types
from ytaudio_daemon.settings.keys import declare_key

#: What can be told.
EVENTS = ("completed", "failed", "session_expired", "degraded", "recovered")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Who is told when something is done, or wrong. Addresses are never shown in full."""

    urls: Annotated[
        tuple[str, ...],
        declare_key(
            "",
            list_types.apprise_urls(),
            "People, by Apprise addresses (extra notify), one message for all that "
            "happened lately.",
        ),
    ]
    webhook: Annotated[
        str,
        declare_key(
            "",
            list_types.web_url(),
            "A program: each event is sent there as JSON, by POST.",
        ),
    ]
    command: Annotated[
        tuple[str, ...],
        declare_key(
            "",
            list_types.command_line(),
            "Another: run for each event, without a shell, the same JSON on its "
            "standard input.",
        ),
    ]
    on: Annotated[
        tuple[str, ...],
        declare_key(
            " ".join(EVENTS),
            list_types.word_list(*EVENTS),
            "What is told.",
        ),
    ]
    gather: Annotated[
        float,
        declare_key(
            "30s",
            value_types.duration(may_be_zero=True, high=86_400),
            "People get one message for what happens within so long.",
        ),
    ]
    timeout: Annotated[
        float,
        declare_key(
            "30s",
            value_types.duration(may_be_zero=False, high=3600),
            "One delivery, or one run of the command, may take so long.",
        ),
    ]
    give_up: Annotated[
        float,
        declare_key(
            "24h",
            value_types.duration(may_be_zero=False),
            "What a receiver could not be told for so long, it is not told any more.",
        ),
    ]
