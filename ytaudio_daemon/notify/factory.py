"""What a post is made of, from the settings. Loaded when there is somebody to tell."""

import select
from dataclasses import dataclass

from ytaudio_daemon.ledger.meta import DeliveryCursor
from ytaudio_daemon.notify.message_builders import Composer, Gathered, Singly
from ytaudio_daemon.notify.notices import Terms
from ytaudio_daemon.notify.receiver_queue import Charge, Post
from ytaudio_daemon.notify.receivers import Receiver
from ytaudio_daemon.notify.sender import Van
from ytaudio_daemon.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
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


def post_of(
    receiver: Receiver, before: Post | None, told: DeliveryCursor, place: Place
) -> Post:
    """Return the post of a receiver: the one it has, or a new one.

    Args:
        receiver: Who is told.
        before: Its post with earlier settings, if it had one.
        told: How much it has been told, as the ledger knows it.
        place: Where it is told.
    """
    settings, host = place.settings, place.host
    if before is not None and before.receiver == receiver:
        before.charge = _charge(settings)
        before.composer.reload(_terms(settings, host), settings.notify.gather)
        return before
    return Post(
        receiver,
        _composer(receiver, settings, host),
        Van(receiver, place.epoll, place.state_id),
        charge=_charge(settings),
        told=before.told if before is not None else told,
    )


def _composer(receiver: Receiver, settings: Settings, host: str) -> Composer:
    terms = _terms(settings, host)
    if receiver.is_person:
        return Gathered(terms, settings.notify.gather)
    return Singly(terms)


def _charge(settings: Settings) -> Charge:
    notify = settings.notify
    return Charge(on=frozenset(notify.on), give_up_s=notify.give_up)


def _terms(settings: Settings, host: str) -> Terms:
    return Terms(
        host=host,
        attempts=settings.retry.attempts,
        on_expiry=settings.sessions.on_expiry,
    )
