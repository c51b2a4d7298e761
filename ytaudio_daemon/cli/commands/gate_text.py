"""The sentence on a closed gate: when it opens, as of now. Pure."""

from ytaudio_daemon.cli.formatting import local_time_and_distance

#: Words of the daemon's document; `model.gates` has them as types, which `status` need
#: not import.
OUTAGE, PROBING, DUE = "outage", "probing", "due"


def opening_text(name: str, state: str | None, until: float, wall: float) -> str:
    """Return when or how a gate opens: "until 11:02:14 (in 5 min)".

    Args:
        name: A `GateName`.
        state: A `GateState`; None in a document of an older daemon.
        until: When its pause ends, seconds since 1970.
        wall: Now, seconds since 1970.
    """
    if state == PROBING:
        tried = "a known video is asked for" if name == OUTAGE else "one download runs"
        return f"is being tried: {tried} to see whether it is over"
    if state == DUE or until <= wall:
        return "is to be tried: the next download shows whether it is over"
    return f"until {local_time_and_distance(until, wall)}"
