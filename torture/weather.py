"""Spells in which YouTube refuses everybody, or cannot be reached at all."""

import random
import time
from dataclasses import dataclass, field

from tests.youtube import Fault, Kind, YouTube

#: Fine weather between two spells, and how long one lasts, in seconds.
FINE_S = (8.0, 25.0)
SPELL_S = (0.5, 4.0)
NAMES = ("bot", "429", "offline")
#: What a 429 asks for, in seconds.
RETRY_AFTER_S = 2
REFUSED_KINDS: tuple[Kind, ...] = ("watch", "player", "media")


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
        dice: Chooses.
        spells: Those that are over.
    """

    youtube: YouTube
    dice: random.Random
    spells: list[Spell] = field(default_factory=list)
    _name: str = ""
    _began: float = 0.0
    _next: float = 0.0

    def look(self) -> None:
        """Let a spell begin or end, if it is time."""
        if self._next == 0.0:
            self._next = time.time() + self.dice.uniform(*FINE_S)
        if time.time() < self._next:
            return
        if self._name:
            self.clear_up()
            self._next = time.time() + self.dice.uniform(*FINE_S)
        else:
            self._name, self._began = self.dice.choice(NAMES), time.time()
            self._break()
            self._next = time.time() + self.dice.uniform(*SPELL_S)

    def clear_up(self) -> None:
        """End the spell, if there is one."""
        if self._name:
            self.youtube.blocked = None
            self.youtube.offline = False
            self.youtube.lift(None)
            spell = Spell(name=self._name, began=self._began, ended=time.time())
            self.spells.append(spell)
            self._name = ""

    def _break(self) -> None:
        match self._name:
            case "bot":
                self.youtube.blocked = "bot"
            case "offline":
                self.youtube.offline = True
            case "429":
                kind = self.dice.choice(REFUSED_KINDS)
                fault = Fault.answers(429, kind=kind, retry_after=RETRY_AFTER_S)
                self.youtube.fault(None, fault)
