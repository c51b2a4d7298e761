"""People at the command line: cancel, retry and raise limits while all of it happens."""

import random
import subprocess
import time
from dataclasses import dataclass, field

from torture.arena import Arena
from torture.books import READING_ERRORS
from torture.plan import SMALL, SMALL_BYTES

#: Somebody types a command this often, in seconds.
EVERY_S = (0.5, 4.0)
#: The small session's limit is raised this often, in seconds.
RAISE_EVERY_S = 25.0
#: Of the commands, so many are killed half-way.
KILLED = 0.25
#: A command must have answered after so long, in seconds: the machine may be busy, and
#: it waits for the ledger.
ANSWER_S = 60.0
UNFINISHED = "('queued', 'held', 'running', 'waiting')"
#: Running jobs first: those are hard to cancel.
PICKS = {
    "cancel": f"SELECT uuid FROM jobs WHERE state IN {UNFINISHED} "
    "ORDER BY state = 'running' DESC, id DESC LIMIT 6",
    "retry": "SELECT uuid FROM jobs WHERE state IN ('failed', 'cancelled') "
    "ORDER BY id DESC LIMIT 20",
}


@dataclass(slots=True, kw_only=True)
class Command:
    """One command.

    Attributes:
        words: After `ytaudio`.
        began: Wall clock.
        kill_at: When it is killed; None = it may end by itself.
        ended: Wall clock, 0 while it runs.
        status: Its exit status; negative when it was killed.
        said: What it printed.
    """

    words: tuple[str, ...]
    began: float
    kill_at: float | None = None
    ended: float = 0.0
    status: int = 0
    said: str = ""


@dataclass(slots=True)
class People:
    """Types one command after the other.

    Attributes:
        arena: Where.
        dice: Chooses what and when.
        only: The one command they know, and they are in a hurry; "" = several.
        commands: All that were begun.
        complaints: Promises seen broken.
    """

    arena: Arena
    dice: random.Random
    only: str = ""
    commands: list[Command] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _running: subprocess.Popen[str] | None = None
    _next: float = 0.0
    _raise_at: float = 0.0
    _limit: int = 0

    def act(self) -> None:
        """Begin a command, or see how the last one fares."""
        if self._running is not None:
            self._see_to(self._running, self.commands[-1])
        elif time.time() >= self._next and self.arena.has_ledger():
            self._next = time.time() + (not self.only) * self.dice.uniform(*EVERY_S)
            words = self._words()
            if words:
                self._begin(words, may_be_killed=True)

    def settle(self, *words: str) -> int:
        """Run a command to its end, after the one that is running."""
        self.leave()
        self._begin(words, may_be_killed=False)
        self.leave()
        return self.commands[-1].status

    def leave(self) -> None:
        """Wait for the command that is running."""
        while self._running is not None:
            self._see_to(self._running, self.commands[-1])
            time.sleep(0.02)

    def _words(self) -> tuple[str, ...]:
        if time.time() >= self._raise_at:
            self._raise_at = time.time() + RAISE_EVERY_S
            self._limit += SMALL_BYTES
            return "session", "set", SMALL, "--max-bytes", str(self._limit)
        draw = 1.0 if self.only else self.dice.random()
        if draw < 0.05:
            return "cancel", "--session", "bob"
        if draw < 0.15:
            return "retry", "--failed", "--session", self.dice.choice(["alice", SMALL])
        verb = self.only or self.dice.choice(["cancel", "retry"])
        jobs = self._pick(verb)
        return (verb, *jobs) if jobs else ()

    def _pick(self, verb: str) -> list[str]:
        try:
            rows = self.arena.books.ask(PICKS[verb])
        except READING_ERRORS:
            return []
        found = [row["uuid"] for row in rows]
        return self.dice.sample(found, min(len(found), self.dice.randrange(1, 3)))

    def _begin(self, words: tuple[str, ...], *, may_be_killed: bool) -> None:
        now = time.time()
        dies = may_be_killed and self.dice.random() < KILLED
        kill_at = now + self.dice.uniform(0.1, 1.5) if dies else None
        self.commands.append(Command(words=words, began=now, kill_at=kill_at))
        self._running = self.arena.type(*words)

    def _see_to(self, process: subprocess.Popen[str], command: Command) -> None:
        now = time.time()
        if process.poll() is None:
            if now > command.began + ANSWER_S:
                line = " ".join(command.words)
                self.complaints.append(f"`ytaudio {line}` did not answer")
            elif command.kill_at is None or now < command.kill_at:
                return
            process.kill()
        command.said, _ = process.communicate()
        command.ended, command.status = time.time(), process.returncode
        self._running = None
