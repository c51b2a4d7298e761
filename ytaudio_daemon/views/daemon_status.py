"""The daemon's own document, and its heartbeat."""

from collections.abc import Sequence
from dataclasses import replace

from ytaudio_daemon.errors import UnsafePathError
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.ledger import Ledger, gates, queries
from ytaudio_daemon.model import SessionState
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.views.documents import LedgerFacts, daemon_document
from ytaudio_daemon.views.snapshot import Live, Problem, Rules
from ytaudio_daemon.views.status_file import Sheet
from ytaudio_daemon.views.write_errors import Troubles

CODE = "status_unwritable"
#: Written at least so often, in seconds, so that readers see that we live.
HEARTBEAT_S = 10.0
#: Free space changes all the time; only steps of this many bytes are news.
FREE_STEP = 64 << 20


class DaemonSheet:
    """Keeps `status/daemon.json` true and fresh.

    Args:
        ledger: Read only.
        layout: Where it lies.
        troubles: Takes what cannot be written.
    """

    def __init__(self, ledger: Ledger, layout: Layout, troubles: Troubles) -> None:
        self._ledger = ledger
        self._layout = layout
        self._troubles = troubles
        self._sheet = Sheet(layout.status, layout.daemon_status.name)
        self._written = float("-inf")
        self._made = float("-inf")
        self._is_stale = True
        self._seen: object = None
        self._facts: LedgerFacts | None = None
        #: Counting sessions takes a walk over them; done when one came or went.
        self._sessions: dict[SessionState, int] | None = None

    def note(self, *, sessions: bool) -> None:
        """The ledger changed; `sessions`: their number too."""
        self._is_stale = True
        if sessions:
            self._sessions = None

    def note_live(self, live: Live, problems: Sequence[Problem]) -> None:
        """See whether the daemon's own part changed."""
        coarse = live.disk_free_bytes // FREE_STEP
        seen = replace(live, disk_free_bytes=coarse, progress={}, ignored={})
        if (seen, problems) != self._seen:
            self._seen = seen, problems
            self._is_stale = True

    def due(self, rules: Rules) -> float:
        """Return when it is to be written next, on the daemon's clock."""
        heartbeat = self._written + HEARTBEAT_S
        return self._made + rules.interval_s if self._is_stale else heartbeat

    def work(
        self,
        live: Live,
        problems: Sequence[Problem],
        rules: Rules,
        now: Now,
        *,
        from_memory: bool = False,
    ) -> None:
        """Write it if it is due; `from_memory` with what the ledger said last."""
        if now.lived < self.due(rules):
            return
        if not from_memory:
            self._facts = self._read_facts()
        if self._facts is None:
            return
        self._made = now.lived
        document = daemon_document(live, self._facts, problems)
        if now.lived >= self._written + HEARTBEAT_S:
            self._sheet.forget()
        coarse = live.disk_free_bytes // FREE_STEP
        disk = {**document["disk"], "free_bytes": coarse}
        try:
            written = self._sheet.write(document, now, key={**document, "disk": disk})
        except (OSError, UnsafePathError) as error:
            self._troubles.note(CODE, str(self._layout.daemon_status), error, now)
            self._written = now.lived  # tried again with the next heartbeat
        else:
            if written:
                self._troubles.clear(CODE, str(self._layout.daemon_status))
                self._written = now.lived
        self._is_stale = False

    def hurry(self) -> None:
        """Have it written at once."""
        self._written = self._made = float("-inf")

    def _read_facts(self) -> LedgerFacts:
        with self._ledger.read() as db:
            if self._sessions is None:
                self._sessions = queries.session_counts(db)
            return LedgerFacts(
                gates=gates.closed_gates(db),
                counts=queries.total_counts(db),
                sessions=self._sessions,
            )
