"""What a crash left between two steps of filing a drop."""

from ytaudio_daemon.folders import PROCESSED, REJECTED, Layout, filing, inbox
from ytaudio_daemon.folders.inbox import Place
from ytaudio_daemon.folders.layout import DEFAULT_SESSION
from ytaudio_daemon.ledger import Ledger, drops
from ytaudio_daemon.ledger.drops import Drop
from ytaudio_daemon.model.clock import Now

#: Session name, file name, content hash.
Key = tuple[str, bytes, str]


def unfiled_drops(ledger: Ledger, layout: Layout, now: Now) -> dict[Key, Drop]:
    """Return the drops still to be filed, having noted those that were moved already.

    A crash between the move and its note would else leave a drop without receipt,
    and the next file of that name and content would be taken for it.

    Raises:
        LedgerError, OSError: Nothing was noted that is not so; call again.
    """
    with ledger.read() as db:
        left = drops.unfiled_drops(db)
    for (session, *_), drop in list(left.items()):
        if drop.state == "recorded" and _note_if_moved(
            ledger, layout, session, drop, now
        ):
            del left[session, drop.name, drop.sha256]
    return left


def _note_if_moved(
    ledger: Ledger, layout: Layout, session: str, drop: Drop, now: Now
) -> bool:
    """Look where a recorded drop's file is; whether it is no longer to be moved."""
    target = PROCESSED if drop.usable else REJECTED
    with ledger.read() as db:
        filed = drops.filed_names(db, drop.session_id)
    places = _places(session)
    for place in places:
        name = filing.find_filed(
            layout.inbox,
            place,
            target,
            drop.name,
            drop.sha256,
            {name for at_root, name in filed if at_root == place.at_root},
        )
        if name is not None:
            _mark(ledger, drop, name, now, at_root=place.at_root)
            return True
    if any(inbox.is_there(layout.inbox, place, drop.name) for place in places):
        return False
    _mark(ledger, drop, None, now, at_root=False)  # somebody took it away
    return True


def _places(session: str) -> list[Place]:
    """The default session's drops may also lie straight in the inbox."""
    places = [Place(session=session)]
    if session == DEFAULT_SESSION:
        places.append(Place(session=session, at_root=True))
    return places


def _mark(
    ledger: Ledger, drop: Drop, name: bytes | None, now: Now, *, at_root: bool
) -> None:
    state = "filed" if drop.usable else "rejected"
    filed = drops.Filed(drop=drop, state=state, filed_name=name, at_root=at_root)
    with ledger.write() as db:
        drops.mark_filed(db, [filed], now)
