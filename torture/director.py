"""The director: lets the daemon live, feeds it, strikes it, and in the end judges."""

import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from torture import verdict
from torture.arena import Arena, session_of
from torture.blows import LETHAL
from torture.books import READING_ERRORS
from torture.plan import LASTING, Drop, Plan, Stroke
from ytaudio_daemon.steps import STEPS

#: The director looks around this often, in seconds.
TICK_S = 0.05
#: More unfinished jobs than this are enough work.
BACKLOG = 24
#: So often it finds the ledger in use when it starts.
BUSY_START = 0.15
#: A daemon takes so long to start; its end by a step is waited for from then on.
START_S = 4.0
#: A session that is to end does so after this, seconds.
FLEETING_TTL = "2s"
#: A new one is opened this often, seconds.
FLEETING_EVERY_S = 15.0
#: Everything must be done so long after the last stroke, in seconds.
FINISH_S = 240.0
#: What a sabotage breaks need not be waited for so long, in seconds.
SABOTAGED_FINISH_S = 45.0
UNFINISHED = "'queued', 'held', 'running', 'waiting'"


@dataclass(slots=True)
class Run:
    """One run of the torture.

    Attributes:
        plan: What is drawn from the seed.
        arena: Where it happens.
        until: Monotonic time at which the strokes end.
        drops: What was put into the inbox.
        endings: How the lives ended.
        complaints: Promises seen broken while it ran.
    """

    plan: Plan
    arena: Arena
    until: float
    drops: list[Drop] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    _fleeting: list[str] = field(default_factory=list)
    _next_drop: float = 0.0
    _next_fleeting: float = 0.0
    _unfinished: int = 0
    _planted: bool = False

    def torture(self) -> list[str]:
        """Run to the end; returns the promises that were broken."""
        while time.monotonic() < self.until:
            self._live(self.plan.stroke(can_expire=bool(self._fleeting)))
        self._calm_down()
        return [*self.complaints, *verdict.judge(self.arena, self.plan, self.drops)]

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
            if time.monotonic() >= strike_at:
                self.arena.strike(blow)
                stopping = stopping or blow == "stop"
                blow = "tree" if stopping else self.plan.dice.choice([*LETHAL, "stop"])
                strike_at = time.monotonic() + self.plan.dice.uniform(0.5, 4.0)
            time.sleep(TICK_S)
        self._note_end(status, stopping=stopping)

    def _note_end(self, status: int, *, stopping: bool) -> None:
        self.endings[f"exit {status}" if status >= 0 else "killed"] += 1
        fine = status < 0 or (stopping and status == 0) or self.arena.server
        if not fine:
            self.complaints.append(f"the daemon ended by itself with status {status}")

    def _look_after(self) -> None:
        """Feed the daemon, and keep the other processes going."""
        now = time.monotonic()
        self.arena.haunt()
        if self.arena.server is not None and not self.arena.server.is_up():
            self.arena.server.restart()
        if now >= self._next_fleeting and self.arena.has_ledger():
            self._next_fleeting = now + FLEETING_EVERY_S
            self._open_fleeting()
        if now >= self._next_drop:
            self._next_drop = now + self.plan.dice.uniform(0.05, 0.8)
            self._unfinished = self._count_unfinished()
            if self._unfinished < BACKLOG or self._wants_drops():
                self._feed()
        if self.plan.sabotage == "witness" and not self._planted:
            self._planted = plant(self.arena)

    def _wants_drops(self) -> bool:
        """Whether the coming stroke is one that only a drop brings about."""
        step = self.arena.orders.step
        return step.startswith(("drop.", "batch.")) and self._unfinished < 2 * BACKLOG

    def _count_unfinished(self) -> int:
        sql = f"SELECT count(*) FROM jobs WHERE state IN ({UNFINISHED})"
        try:
            return int(self.arena.books.value(sql))
        except READING_ERRORS:
            return 0

    def _feed(self) -> None:
        dice = self.plan.dice
        if self.drops and dice.random() < 0.1:  # the same file again
            self._put(dice.choice(self.drops[-10:]))
            return
        fleeting = self._fleeting[-2:]
        session = dice.choice([*LASTING, *fleeting])
        fresh = [self.plan.video() for _ in range(dice.randrange(1, 3))]
        self.arena.youtube.add(*fresh)
        self._put(self.plan.drop(session, fresh))

    def _put(self, drop: Drop) -> None:
        if self.arena.put(drop):
            self.drops.append(drop)

    def _open_fleeting(self) -> None:
        """Open a session that soon ends and takes its audio with it."""
        name = f"fleeting-{len(self._fleeting)}"
        limits = ("--ttl", FLEETING_TTL, "--on-expiry", "delete")
        try:
            opened = self.arena.cli("session", "create", "--name", name)
            if opened and self.arena.cli("session", "set", name, *limits):
                self._fleeting.append(name)
        except subprocess.TimeoutExpired:
            self.complaints.append("`ytaudio session` did not answer within a minute")

    def _calm_down(self) -> None:
        """Let the daemon finish everything, undisturbed, and stop it."""
        self.arena.dismiss(self.arena.zombie)
        self.arena.zombie = None
        self.arena.start(Stroke(blow=""))
        patience_s = SABOTAGED_FINISH_S if self.plan.sabotage else FINISH_S
        end = time.monotonic() + patience_s
        open_ends: list[str] = []
        while time.monotonic() < end:
            if self.arena.server is not None and not self.arena.server.is_up():
                self.arena.server.restart()
            status = self.arena.reap()
            if status is not None:
                self.complaints.append(f"undisturbed it ended with status {status}")
                return
            open_ends = verdict.open_ends(self.arena, self.plan, self.drops)
            if not open_ends:
                break
            time.sleep(0.5)
        self.complaints += [
            f"not finished in {patience_s:.0f} s: {e}" for e in open_ends
        ]
        status = self.arena.stop()
        if status != 0:
            self.complaints.append(f"the last stop ended with status {status}")
        self._start_once_more()
        status = self.arena.dismiss(self.arena.witness)
        if status != 0:
            self.complaints.append(f"the witness ended with status {status}")

    def _start_once_more(self) -> None:
        """A further start and stop must change nothing."""
        count = "SELECT count(*) FROM events"
        before = self.arena.books.value(count)
        self.arena.start(Stroke(blow=""))
        time.sleep(3)
        self.arena.stop()
        after = self.arena.books.value(count)
        if before != after:
            self.complaints.append(f"a further start made {after - before} events")


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


def report(run: Run, broken: list[str], root: Path) -> str:
    """Tell how the run went."""
    strokes = verdict.strokes(run.arena)
    lines = [f"{count:5} x {what}" for what, count in sorted(strokes.items())]
    struck = {what.split()[0] for what in strokes}
    lines.append(f"steps not struck: {[s for s in STEPS if s not in struck] or 'none'}")
    names = verdict.witnessed(run.arena)
    stale = len(verdict.zombie_writes(run.arena))
    lines.append(f"names witnessed {names}, a zombie's writes {stale}")
    jobs = verdict.states(run.arena)
    lines += [
        f"lives {run.arena.orders.life}: {dict(run.endings)}",
        f"sessions {len({session_of(d.session) for d in run.drops})}, jobs {jobs}",
        f"files {len(run.drops)}, lines {sum(len(d.wishes) for d in run.drops)}",
        *(f"BROKEN: {text}" for text in broken[:40]),
    ]
    if broken:
        lines.append(f"{len(broken)} promises broken; everything is in {root}")
    else:
        lines.append("verdict: every promise held")
    return "\n".join(lines)
