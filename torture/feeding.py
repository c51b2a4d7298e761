"""Feeding the daemon: files for the inbox, and sessions that soon end."""

from dataclasses import dataclass, field

from tests.youtube import Video
from torture.arena import Arena
from torture.files import Drop
from torture.people import People
from torture.plan import LASTING, Plan

#: A session that is to end does so after this, seconds.
FLEETING_TTL = "2s"


@dataclass(slots=True)
class Feeder:
    """Puts files into the inbox.

    Attributes:
        plan: What is drawn from the seed.
        arena: Where the inbox is.
        people: Open sessions.
        drops: What was put there, every version of it.
        fleeting: Sessions that soon end and take their audio with them.
    """

    plan: Plan
    arena: Arena
    people: People
    drops: list[Drop] = field(default_factory=list)
    fleeting: list[str] = field(default_factory=list)

    def feed(self) -> None:
        """Put one file, or the same one again, or let one grow."""
        dice = self.plan.dice
        if self.drops and dice.random() < 0.1:
            self._put(dice.choice(self.drops[-10:]))
            return
        session = dice.choice([*LASTING, *self.fleeting[-2:]])
        fresh = [self.plan.video() for _ in range(dice.randrange(1, 3))]
        self.arena.youtube.add(*fresh)
        draw = dice.random()
        if draw > 0.9:
            self._put_list(session, fresh)
        elif draw < 0.1:
            self._put(self.plan.link(session, fresh[0].id if draw < 0.08 else ""))
        elif self.plan.terrain.keep and draw < 0.4 and (old := self._growing()):
            self._put(self.plan.grown(old, fresh), replaces=True)
        else:
            self._put(self.plan.drop(session, fresh))

    def open_fleeting(self) -> None:
        """Open a session that soon ends."""
        name = f"fleeting-{len(self.fleeting)}"
        limits = ("--ttl", FLEETING_TTL, "--on-expiry", "delete")
        opened = self.people.settle("session", "create", "--name", name) == 0
        if opened and self.people.settle("session", "set", name, *limits) == 0:
            self.fleeting.append(name)

    def _put_list(self, session: str, fresh: list[Video]) -> None:
        listed = self.plan.playlist(fresh)
        self.arena.youtube.add(*listed.private)
        self.arena.youtube.add_lists(listed.playlist)
        if listed.fault is not None:
            self.arena.youtube.fault(listed.playlist.id, listed.fault)
        self._put(self.plan.list_drop(session, listed.wish))

    def _growing(self) -> Drop | None:
        """Choose a file as it stands in the inbox now."""
        newest = {(drop.session, drop.name): drop for drop in self.drops}
        found = [drop for drop in newest.values() if drop.grows]
        return self.plan.dice.choice(found[-20:]) if found else None

    def _put(self, drop: Drop, *, replaces: bool = False) -> None:
        if self.arena.put(drop, replaces=replaces):
            self.drops.append(drop)
