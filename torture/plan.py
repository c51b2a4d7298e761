"""What a run does, drawn from its seed. Pure, but for the generator's state."""

import random
from dataclasses import dataclass, field

from tests.youtube import Fault, Sound, Video
from torture.blows import SURVIVED
from torture.files import (
    TEXT_ENDINGS,
    Drop,
    Wish,
    grown,
    json_file,
    link_file,
    list_file,
    text_file,
)
from torture.playlists import Listed, ListWish, Playlists
from ytaudio_daemon.system.failpoints import FAILPOINTS

#: Sessions that live through the whole run; "" is the inbox itself.
LASTING = ("alice", "bob", "Frau Müller 日本", "small", "")
#: Of these, one that may have so many bytes, and now and then some more.
SMALL = "small"
SMALL_BYTES = 300_000
#: How the inbox' own session is called.
ROOT_SESSION = "default"
#: Formats that cost little to make; m4a and opus are copied.
FORMATS = ("m4a", "m4a", "m4a", "opus", "mp3")
TONES = (330, 440, 550)
DURATIONS_S = (2.0, 3.0)
#: Where the rehearsal of a session's end happens.
END_STEPS = ("session.expired", "session.trashed", "trash.deleting")
#: Passed in commands, which no run calls.
COMMAND_STEPS = ("archive.batch_added",)
#: Passed in workers.
WORKER_STEPS = ("source.finished", "source.spoiled", "result.written")
#: First and longest pause of a closed gate, in seconds: a run sees many.
PAUSES = {
    "site": (1.5, 8.0),
    "network": (0.7, 4.0),
    "host": (0.7, 4.0),
    "outage": (0.7, 4.0),
}
#: A refuted suspicion of an outage is trusted for so long, in seconds.
TRUST_S = 2.0
#: Long enough that its lines take more than one transaction (1,000 each).
LONG_LINES = 1500
#: Of the sabotages, those that only a kill at certain steps brings to light.
TELLING_STEPS = {
    "move_first": ("drop.moved",),
    "adopt": ("source.finished",),
    "deaf": ("attempt.started", "source.finished"),
}
#: ... and of those, one that only a certain command does.
TELLING_COMMANDS = {"deaf": "cancel"}
#: ... or certain weather.
TELLING_WEATHER = {"gate": ("bot",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """What a whole run has in common.

    Attributes:
        keep: Drops stay in the inbox, and grow there.
        far_library: The library is on another file system: no hard links.
    """

    keep: bool = False
    far_library: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One life's end: at a step, or at a moment when `step` is ""."""

    blow: str
    step: str = ""
    nth: int = 1
    after_s: float = 0.0


@dataclass(slots=True)
class Plan:
    """Draws videos, drops and strokes, the same for the same seed.

    Attributes:
        seed: Of the generator.
        postgres: Whether there is a server to strike.
        sabotage: The defence taken away, "" = none.
        videos: All that were drawn, by ID.
        fates: How their jobs must end, by ID.
        terrain: What the whole run has in common; plain for a sabotage.
        dice: For what is decided elsewhere, at whatever moment.
    """

    seed: int
    postgres: bool = False
    sabotage: str = ""
    videos: dict[str, Video] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)
    terrain: Terrain = Terrain()
    dice: random.Random = field(init=False)
    _random: random.Random = field(init=False)
    _strokes: random.Random = field(init=False)
    playlists: Playlists = field(init=False)
    _files: int = 0
    _steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin three sequences: how long a life lasts must not change the next files."""
        self.dice = random.Random(f"{self.seed} dice")
        self._random = random.Random(f"{self.seed} drops")
        self._strokes = random.Random(f"{self.seed} strokes")
        self.playlists = Playlists(random.Random(f"{self.seed} playlists"))
        if not self.sabotage:
            lay = random.Random(f"{self.seed} terrain")
            self.terrain = Terrain(
                keep=lay.random() < 0.4, far_library=lay.random() < 0.4
            )

    def video(self) -> Video:
        """Draw a video that was never there."""
        draw = self._random
        end, faults, status = self._fate()
        number = len(self.videos)
        made = Video(
            id=f"{'_-xX'[draw.randrange(4)]}{number:010d}",
            title=draw.choice(["Song {}", "Übung/№ {}", "日本 {}: “?”", "Same"]).format(
                number
            ),
            duration_s=draw.choice(DURATIONS_S),
            tone=draw.choice(TONES),
            formats=draw.choice(_SOUNDS),
            status="ok" if status == "ok" else "private",
            faults=faults,
        )
        self.videos[made.id], self.fates[made.id] = made, end
        return made

    def _fate(self) -> tuple[str, tuple[Fault, ...], str]:
        """Return how a video ends, its faults and its status."""
        draw = self._random
        kind = draw.random()
        if kind < 0.55:
            return "completed", (), "ok"
        if kind < 0.68:
            slow = Fault.throttles(draw.randrange(12_000, 40_000), times=1)
            return "completed", (slow,), "ok"
        if kind < 0.88:
            return "completed", (draw.choice(_PASSING),), "ok"
        if kind < 0.94:
            return "failed", (draw.choice(_LASTING_FAULTS),), "ok"
        return "failed", (), "private"

    def drop(self, session: str, fresh: list[Video]) -> Drop:
        """Write a file that asks for new videos, known ones and nonsense.

        Args:
            session: Whose folder.
            fresh: Videos nobody has asked for.
        """
        draw = self._random
        self._files += 1
        ids = [video.id for video in fresh]
        ids += draw.sample(
            sorted(self.videos), min(draw.randrange(3), len(self.videos))
        )
        asked = [(name, draw.choice(FORMATS)) for name in ids]
        asked += draw.sample(asked, min(1, len(asked)))  # twice in one file
        asked += [("", "")] * draw.randrange(2)
        draw.shuffle(asked)
        if draw.random() < 0.06:
            asked += [("", "")] * LONG_LINES
        as_json = draw.random() < 0.2
        write = json_file if as_json else text_file
        content, wishes = write(self._files, asked)
        ending = "jsonl" if as_json else draw.choice(TEXT_ENDINGS)
        return self._named(session, ending, content, wishes)

    def playlist(self, fresh: list[Video]) -> Listed:
        """Draw a playlist, or let one grow that is there."""
        dice = self.playlists.dice
        grown = self.playlists.grow(fresh) if dice.random() < 0.4 else None
        others = sorted(self.videos.keys() - {video.id for video in fresh})
        known = dice.sample(others, min(2, len(others)))
        listed = grown or self.playlists.draw(fresh, known, dice.choice(FORMATS))
        for video in listed.private:
            self.videos[video.id], self.fates[video.id] = video, "failed"
        return listed

    def list_drop(self, session: str, wish: ListWish) -> Drop:
        """Write a file that asks for a playlist."""
        self._files += 1
        return self._named(session, "txt", *list_file(self._files, wish))

    def link(self, session: str, video: str) -> Drop:
        """Write a link file that asks for a video, "" = for none."""
        self._files += 1
        ending, content, wish = link_file(self._random, self._files, video)
        return self._named(session, ending, content, [wish])

    def grown(self, drop: Drop, fresh: list[Video]) -> Drop:
        """Add new videos to the end of a file."""
        return grown(drop, [(v.id, self._random.choice(FORMATS)) for v in fresh])

    def _named(
        self, session: str, ending: str, content: bytes, wishes: list[Wish]
    ) -> Drop:
        return Drop(
            session=session,
            name=f"songs {self._files}.{ending}",
            content=content,
            wishes=tuple(wishes),
        )

    def stroke(self, *, can_expire: bool) -> Stroke:
        """Choose how the next life ends.

        Args:
            can_expire: A session is about to; only then its steps can be passed.
        """
        draw = self._strokes
        steps = TELLING_STEPS.get(self.sabotage)
        if draw.random() < 0.2 and not steps:
            return Stroke(blow=self._blow(), after_s=draw.uniform(0.2, 7.0))
        step = draw.choice(steps) if steps else self._next_step(can_expire=can_expire)
        nth = draw.choice([1, 1, 1, 2, 3]) if step not in END_STEPS else 1
        if step in WORKER_STEPS:
            blow = draw.choice(["worker", "daemon", "template", "tree", "tree"])
        else:
            blow = draw.choice(["daemon", "tree", "tree", self._blow()])
        return Stroke(blow=blow, step=step, nth=nth, after_s=8.0)

    def _blow(self) -> str:
        others = ["postgres"] if self.postgres else ["busy"]
        return self._strokes.choice(["daemon", "tree", "stop", *SURVIVED, *others])

    def _next_step(self, *, can_expire: bool) -> str:
        """Go through all steps in a new order each time, those of expiry when due."""
        if not self._steps:
            self._steps = [each for each in FAILPOINTS if each not in COMMAND_STEPS]
            self._strokes.shuffle(self._steps)
        for step in self._steps:
            if can_expire or step not in END_STEPS:
                self._steps.remove(step)
                return step
        return self._steps.pop()


_SOUNDS: tuple[tuple[Sound, ...], ...] = (("aac", "opus"), ("aac",), ("aac", "opus"))

#: Faults that a later attempt does not meet again.
_PASSING = (
    Fault.resets(times=1),
    Fault.truncates(times=1),
    Fault.zeroes(times=1),
    Fault.shortens(times=1),
    Fault.garbles(times=1),
    Fault.stalls(times=1),
    Fault.expires(),
    Fault.answers(503, times=2),
)
#: Faults of the stored file itself.
_LASTING_FAULTS = (Fault.zeroes(), Fault.shortens(), Fault.garbles())
