"""The director: lets the daemon live, feeds it, strikes it, and in the end judges."""

import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field

from torture import verdict
from torture.arena import Arena
from torture.blows import LETHAL
from torture.books import READING_ERRORS
from torture.case import Told
from torture.ending import FINISH_S, SABOTAGED_FINISH_S, calm_down
from torture.feeding import Feeder
from torture.people import People
from torture.plan import TELLING_COMMANDS, TELLING_WEATHER, Plan, Stroke
from torture.weather import NAMES, Weather

#: The director looks around this often, in seconds.
POLL_S = 0.05
#: More unfinished jobs than this are enough work.
BACKLOG = 24
#: So often it finds the ledger in use when it starts.
BUSY_START = 0.15
#: A daemon takes so long to start; its end by a step is waited for from then on.
START_S = 4.0
#: A new session that soon ends is opened this often, in seconds.
FLEETING_EVERY_S = 15.0
#: A frozen daemon stands still so long, in seconds: longer than a download may.
FROZEN_S = (0.5, 6.0)
#: Of those, so many never wake up.
FROZEN_TO_DEATH = 0.3
#: A second daemon has refused by then, in seconds.
REFUSED_S = 30.0
#: What a daemon says that ends because PostgreSQL was taken away from it: at its start,
#: or when another one has its lock.
LEDGER_GONE = ("cannot be reached", "served by another daemon", "another daemon serves")
#: Characters of its log in which a daemon says why it ends.
LAST_WORDS = 600
UNFINISHED = "'queued', 'held', 'running', 'waiting'"


@dataclass(slots=True)
class Run:
    """One run of the torture.

    Attributes:
        plan: What is drawn from the seed.
        arena: Where it happens.
        until: Monotonic time at which the strokes end.
        endings: How the lives ended.
        complaints: Promises seen broken while it ran.
    """

    plan: Plan
    arena: Arena
    until: float
    endings: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    people: People = field(init=False)
    weather: Weather = field(init=False)
    feeder: Feeder = field(init=False)
    _next_drop: float = 0.0
    _next_fleeting: float = 0.0
    _unfinished: int = 0
    _used_bytes: dict[str, int] = field(default_factory=dict)
    _max_bytes: dict[str, int | None] = field(default_factory=dict)
    _planted: bool = False

    def __post_init__(self) -> None:
        """Give people and weather dice of their own."""
        seed = self.plan.seed
        only = TELLING_COMMANDS.get(self.plan.sabotage, "")
        self.people = People(self.arena, random.Random(f"{seed} people"), only)
        dice = random.Random(f"{seed} weather")
        names = TELLING_WEATHER.get(self.plan.sabotage, NAMES)
        self.weather = Weather(self.arena.youtube, self.arena.cable, dice, names)
        self.feeder = Feeder(self.plan, self.arena, self.people)

    def torture(self) -> list[str]:
        """Run to the end; returns the promises that were broken."""
        while time.monotonic() < self.until:
            self._live(self.plan.stroke(can_expire=bool(self.feeder.fleeting)))
        self._end()
        broken = verdict.judge(self.arena, self.plan, self._told())
        return [*self.complaints, *self.people.complaints, *broken]

    def _live(self, stroke: Stroke) -> None:
        """Let the daemon live until it is dead."""
        in_use = self.arena.server is None and self.arena.has_ledger()
        if in_use and self.plan.dice.random() < BUSY_START:
            self.arena.strike("busy")
        self.arena.start(stroke)
        begun = time.monotonic()
        strike_at = begun + stroke.after_s + (START_S if stroke.step else 0)
        blow = stroke.blow if not stroke.step else "tree"
        stopping = stroke.blow == "stop"
        while (status := self.arena.reap()) is None:
            self._look_after()
            if stroke.blow == "freeze" and self.arena.is_frozen():
                self._keep_frozen()
            if time.monotonic() >= strike_at:
                self.arena.strike(blow)
                stopping = stopping or blow == "stop"
                blow = "tree" if stopping else self.plan.dice.choice([*LETHAL, "stop"])
                strike_at = time.monotonic() + self.plan.dice.uniform(0.5, 4.0)
            time.sleep(POLL_S)
        self._note_end(status, stopping=stopping)

    def _note_end(self, status: int, *, stopping: bool) -> None:
        self.endings[f"exit {status}" if status >= 0 else "killed"] += 1
        said = self.arena.last_words()[-LAST_WORDS:]
        gone = self.arena.server is not None and any(w in said for w in LEDGER_GONE)
        fine = status < 0 or (stopping and status == 0) or (status == 1 and gone)
        if not fine:
            self.complaints.append(
                f"the daemon ended by itself with status {status}: {said}"
            )

    def _keep_frozen(self) -> None:
        """Try to take a frozen daemon's place; then let it wake up, or not."""
        dice = self.plan.dice
        if self.arena.server is not None and dice.random() < 0.5:
            self.arena.strike("postgres")
        if self.arena.holds_lock():
            self._take_its_place()
        end = time.monotonic() + dice.uniform(*FROZEN_S)
        while time.monotonic() < end:
            self._look_after()
            time.sleep(POLL_S)
        if dice.random() < FROZEN_TO_DEATH:
            self.arena.strike("daemon")
        self.arena.thaw()

    def _take_its_place(self) -> None:
        rival = self.arena.type("run")
        try:
            said, _ = rival.communicate(timeout=REFUSED_S)
        except subprocess.TimeoutExpired:
            rival.kill()
            said, _ = rival.communicate()
        if rival.returncode != 1 or "a daemon (pid" not in said:
            self.complaints.append(
                f"a second daemon ended with status {rival.returncode}: {said[-300:]}"
            )

    def _look_after(self) -> None:
        """Feed the daemon, and keep everybody else going."""
        now = time.monotonic()
        self.arena.haunt()
        self.people.act()
        self.weather.look()
        if self.arena.server is not None and not self.arena.server.is_up():
            self.arena.server.restart()
        if now >= self._next_fleeting and self.arena.has_ledger():
            self._next_fleeting = now + FLEETING_EVERY_S
            self.feeder.open_fleeting()
        if now >= self._next_drop:
            self._next_drop = now + self.plan.dice.uniform(0.05, 0.8)
            self._look_into_the_books()
            if self._unfinished < BACKLOG or self._wants_drops():
                self.feeder.feed()
        if self.plan.sabotage == "witness" and not self._planted:
            self._planted = plant(self.arena)

    def _wants_drops(self) -> bool:
        """Whether the coming stroke is one that only a drop brings about."""
        step = self.arena.orders.step
        return step.startswith(("drop.", "batch.")) and self._unfinished < 2 * BACKLOG

    def _look_into_the_books(self) -> None:
        ask = self.arena.books.ask
        unfinished = f"SELECT count(*) AS n FROM jobs WHERE state IN ({UNFINISHED})"
        used = "SELECT name, max_bytes, used_bytes FROM sessions WHERE state = 'active'"
        try:
            self._unfinished = ask(unfinished)[0]["n"]
            rows = ask(used)
        except READING_ERRORS:
            self._unfinished = 0
            return
        # A limit may be set below what is used already; from then on nothing is added.
        over = [
            row["name"]
            for row in rows
            if 0 < (row["max_bytes"] or 0) < row["used_bytes"]
            and row["max_bytes"] == self._max_bytes.get(row["name"])
            and row["used_bytes"] > self._used_bytes.get(row["name"], 0)
        ]
        self._used_bytes = {row["name"]: row["used_bytes"] for row in rows}
        self._max_bytes = {row["name"]: row["max_bytes"] for row in rows}
        if over:
            self.complaints.append(f"more bytes than allowed are used by {over}")

    def _end(self) -> None:
        """Let the daemon finish everything, undisturbed, and stop it."""
        self.arena.dismiss(self.arena.zombie)
        self.arena.zombie = None
        self.weather.clear_up()
        self.people.leave()
        self.complaints += calm_down(
            self.arena,
            self.people,
            lambda: verdict.open_ends(self.arena, self.plan, self._told()),
            SABOTAGED_FINISH_S if self.plan.sabotage else FINISH_S,
        )
        status = self.arena.dismiss(self.arena.witness)
        if status != 0:
            self.complaints.append(f"the witness ended with status {status}")

    def _told(self) -> Told:
        return Told(
            drops=self.feeder.drops,
            commands=self.people.commands,
            spells=self.weather.spells,
        )


def plant(arena: Arena) -> bool:
    """Let an unfinished file stand under a visible name for a moment.

    It is gone when the run is judged: only who looked in time knows.
    """
    found = sorted((arena.root / "downloads").glob("*-*/*-*/audio/*"))
    if not found:
        return False
    model = found[0]
    content = model.read_bytes()
    place = model.with_name(f"Planted {model.name}")
    place.write_bytes(content[: len(content) // 2])
    time.sleep(0.5)
    place.unlink()
    return True
