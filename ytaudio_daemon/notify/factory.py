"""What a post is made of, from the settings. Loaded when there is somebody to tell."""

import select
from dataclasses import dataclass

from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.notify.message_builders import (
    DigestMessages,
    MessageBuilder,
    PerEventMessages,
)
from ytaudio_daemon.notify.notices import NoticeContext
from ytaudio_daemon.notify.receiver_queue import DeliveryRules, ReceiverQueue
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.sender import Sender
from ytaudio_daemon.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderContext:
    """What all posts of a daemon share.

    Attributes:
        settings: Section notify above all.
        host: The machine's name.
        epoll: Gets the couriers' sockets.
        state_id: Marks the couriers.
    """

    settings: Settings
    host: str
    epoll: select.epoll
    state_id: str


def receiver_queue(
    receiver: Receiver,
    before: ReceiverQueue | None,
    delivered: DeliveryCursor,
    sender_context: SenderContext,
) -> ReceiverQueue:
    """Return the post of a receiver: the one it has, or a new one.

    Args:
        receiver: Who is told.
        before: Its post with earlier settings, if it had one.
        delivered: How much it has been told, as the ledger knows it.
        sender_context: Where it is told.
    """
    settings, host = sender_context.settings, sender_context.host
    if before is not None and before.receiver == receiver:
        before.rules = _delivery_rules(settings)
        before.builder.reload(_notice_context(settings, host), settings.notify.gather)
        return before
    return ReceiverQueue(
        receiver,
        _message_builder(receiver, settings, host),
        Sender(receiver, sender_context.epoll, sender_context.state_id),
        rules=_delivery_rules(settings),
        delivered=before.delivered if before is not None else delivered,
    )


def _message_builder(
    receiver: Receiver, settings: Settings, host: str
) -> MessageBuilder:
    notice_context = _notice_context(settings, host)
    if receiver.gets_digest:
        return DigestMessages(notice_context, settings.notify.gather)
    return PerEventMessages(notice_context)


def _delivery_rules(settings: Settings) -> DeliveryRules:
    notify = settings.notify
    return DeliveryRules(on=frozenset(notify.on), give_up_s=notify.give_up)


def _notice_context(settings: Settings, host: str) -> NoticeContext:
    return NoticeContext(
        host=host,
        attempts=settings.retry.attempts,
        on_expiry=settings.sessions.on_expiry,
    )
