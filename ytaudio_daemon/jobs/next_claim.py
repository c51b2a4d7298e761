"""How long gates and pace keep a queued job, or a queued listing, from being claimed."""

from ytaudio_daemon.jobs.config_values import egress_keys, pace
from ytaudio_daemon.ledger import Connection, gates
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.egress import gates_at
from ytaudio_daemon.settings import Settings

#: Claiming is tried this often, in seconds, when neither gate nor pace sets a time.
CLAIM_POLL_S = 30.0
#: Added to the time at which a gate or token is due, so that it surely has come.
DUE_MARGIN_S = 0.05


def seconds_to_next_claim(db: Connection, settings: Settings, now: Now) -> float:
    """Return the seconds after which a claim may succeed by one of the egresses.

    Args:
        db: Only read.
        settings: Sections youtube and pace.
        now: The moment.
    """
    soonest = min(_seconds_by(key, db, settings, now) for key in egress_keys(settings))
    return min(soonest + DUE_MARGIN_S, CLAIM_POLL_S)


def _seconds_by(egress: str, db: Connection, settings: Settings, now: Now) -> float:
    closed = gates_at(egress, gates.closed_gates(db))
    if any(gate.is_being_probed(now.wall) for gate in closed):
        return CLAIM_POLL_S  # the end of the probe is an event
    pauses_s = [gate.until - now.wall for gate in closed]
    token_s = gates.seconds_to_next_token(db, pace(settings), now, egress)
    return max([0.0, *pauses_s, token_s])
