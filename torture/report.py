"""What a run has to tell."""

from collections import Counter
from pathlib import Path

from torture import verdict
from torture.arena import session_of
from torture.director import Run
from ytaudio_daemon.system.failpoints import FAILPOINTS

#: Of the broken promises so many are told.
TOLD = 40


def report(run: Run, broken: list[str], root: Path) -> str:
    """Tell how the run went."""
    strokes = verdict.strokes(run.arena)
    lines = [f"{count:5} x {what}" for what, count in sorted(strokes.items())]
    struck = {what.split()[0] for what in strokes}
    lines.append(
        f"steps not struck: {[s for s in FAILPOINTS if s not in struck] or 'none'}"
    )
    names = verdict.witnessed(run.arena)
    stale = len(verdict.zombie_writes(run.arena))
    lines.append(f"names witnessed {names}, a zombie's writes {stale}")
    commands, drops = run.people.commands, run.feeder.drops
    spells = [spell.name for spell in run.weather.spells]
    lines += [
        f"lives {run.arena.orders.life}: {dict(run.endings)}",
        f"commands {len(commands)}, killed {sum(c.status < 0 for c in commands)}",
        f"spells of bad weather {dict(Counter(spells))}",
        f"sessions {len({session_of(d.session) for d in drops})}",
        f"jobs {verdict.states(run.arena)}",
        f"playlists {verdict.listings(run.arena)}",
        f"files {len(drops)}, lines {sum(len(d.wishes) for d in drops)}",
        *(f"BROKEN: {text}" for text in broken[:TOLD]),
    ]
    if broken:
        lines.append(f"{len(broken)} promises broken; everything is in {root}")
    else:
        lines.append("verdict: every promise held")
    return "\n".join(lines)
