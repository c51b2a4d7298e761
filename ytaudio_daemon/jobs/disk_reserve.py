"""Closes the host gate while less of the disk is free than the reserve."""

from pathlib import Path

from ytaudio_daemon.folders.prepare import free_bytes
from ytaudio_daemon.ledger import Ledger, gates
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.gates import GateName, gate_after_failure

DISK_FULL = "disk_full"


class DiskReserve:
    """Closes the host gate while less than the reserve is free, and opens it again.

    Args:
        ledger: Holds the gate.
        folder: On the disk that is measured.
    """

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger = ledger
        self._folder = folder
        #: Whether the reserve was free last time; None: the gate is not up to date.
        self._was_available: bool | None = None

    def is_available(self, reserve: int, now: Now) -> bool:
        """Return whether the reserve is free; open or close the gate accordingly.

        Args:
            reserve: In bytes.
            now: The moment.

        Raises:
            LedgerError: The gate could not be written; the next call tries again.
            OSError: The disk cannot be measured.
        """
        free = free_bytes(self._folder)
        if free >= reserve and self._was_available:
            return True
        self._was_available = None
        self._update_gate(free, reserve, now)
        self._was_available = free >= reserve
        return self._was_available

    def _update_gate(self, free: int, reserve: int, now: Now) -> None:
        with self._ledger.read() as db:
            gate = gates.find_gate(db, GateName.HOST)
        if free >= reserve:
            if gate is not None and gate.code == DISK_FULL:
                with self._ledger.write() as db:
                    gates.open_gate_and_make_due(db, GateName.HOST, now)
        elif gate is None or not gate.is_too_early_to_probe(now.wall):
            closed = gate_after_failure(
                gate, _disk_full(free, reserve), began_at=now.wall, wall=now.wall
            )
            with self._ledger.write() as db:
                gates.close_gate(db, closed)


def _disk_full(free: int, reserve: int) -> Failure:
    return Failure(
        kind=FailureKind.HOST,
        code=DISK_FULL,
        message=f"The disk has {free >> 20} MiB free, less than the reserve of "
        f"{reserve >> 20} MiB.",
        hint="Free some space, or lower [disk] reserve.",
    )
