"""Spells in which YouTube refuses everybody, is out of order, or cannot be reached."""

import random
import time
from dataclasses import dataclass, field

from tests.youtube import OUTAGES, Fault, Kind, YouTube
from torture.cable import Cable

#: Fine weather between two spells, and how long one lasts, in seconds: yt-dlp goes on
#: trying for some seconds before it gives a dead network up.
FINE_S = (6.0, 18.0)
SPELL_S = (1.0, 9.0)
NAMES = ("bot", "429", "offline", "reload", "media_403")
#: Of these, the ones in which all videos fail alike: outages.
OUTAGE_NAMES = ("reload", "media_403")
#: What a 429 asks for, in seconds.
AGAIN_S = 2
REFUSED_KINDS: tuple[Kind, ...] = ("player", "media")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One spell; wall clock."""

    name: str
    began: float
    ended: float


@dataclass(slots=True)
class Weather:
    """Changes by itself when it is looked at.

    Attributes:
        youtube: The stand-in.
        cable: Leads there.
        dice: Chooses.
        names: The spells there are; a single one comes often.
        spells: Those that are over.
    """

    youtube: YouTube
    cable: Cable
    dice: random.Random
    names: tuple[str, ...] = NAMES
    spells: list[Spell] = field(default_factory=list)
    _name: str = ""
    _began: float = 0.0
    _next: float = 0.0

    def look(self) -> None:
        """Let a spell begin or end, if it is time."""
        if self._next == 0.0:
            self._next = time.time() + self._fine_s()
        if time.time() < self._next:
            return
        if self._name:
            self.clear_up()
            self._next = time.time() + self._fine_s()
        else:
            self._name, self._began = self.dice.choice(self.names), time.time()
            self._break()
            self._next = time.time() + self.dice.uniform(*SPELL_S)

    def clear_up(self) -> None:
        """End the spell, if there is one."""
        if self._name:
            self.youtube.blocked = None
            if self._name == "offline":
                self.cable.plug()
            self.youtube.lift(None)
            spell = Spell(name=self._name, began=self._began, ended=time.time())
            self.spells.append(spell)
            self._name = ""

    def _fine_s(self) -> float:
        return self.dice.uniform(*FINE_S) / (1 if len(self.names) > 1 else 5)

    def _break(self) -> None:
        match self._name:
            case "bot":
                self.youtube.blocked = "bot"
            case "offline":
                self.cable.pull()
            case "reload" | "media_403":
                self.youtube.break_down(OUTAGES[self._name])
            case "429":
                kind = self.dice.choice(REFUSED_KINDS)
                fault = Fault.answers(429, kind=kind, retry_after=AGAIN_S)
                self.youtube.fault(None, fault)
