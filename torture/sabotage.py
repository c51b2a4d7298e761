"""One defence taken away at a time, to see that the torture notices.

Each function breaks the product in memory, in the processes that ask for it.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from ytaudio_daemon.collections.recorder import ListingRecorder
from ytaudio_daemon.fetch import source, verify
from ytaudio_daemon.folders import PROCESSED, Layout, filing, publishing
from ytaudio_daemon.folders.inbox import InboxFile
from ytaudio_daemon.folders.open_dirs import OpenDirs
from ytaudio_daemon.intake import Intake
from ytaudio_daemon.intake.filing import Filer
from ytaudio_daemon.intake.recorded_drop import DropKey, RecordedDrop
from ytaudio_daemon.ledger import Connection, gates, transitions
from ytaudio_daemon.ledger.drops import DropPlacement
from ytaudio_daemon.ledger.events import Fence
from ytaudio_daemon.ledger.job_updates import HOLDS_FENCE
from ytaudio_daemon.ledger.listing_claims import ListingClaim
from ytaudio_daemon.model import FetchRequest
from ytaudio_daemon.model.clock import Now
from ytaudio_daemon.model.listing import ListedPage
from ytaudio_daemon.system import failpoints

#: A copy is made in so many pieces, so long apart (seconds).
PIECES = 8
PIECE_S = 0.03


def apply(name: str) -> None:
    """Take a defence away; "" takes none."""
    if name:
        SABOTAGES[name]()


def _fence() -> None:
    """Any attempt may write, whoever has the job by now."""
    any_attempt = sa.bindparam("of_attempt", type_=sa.Integer) >= 0
    # Changed in its place: the statements with it are built already.
    fence = vars(HOLDS_FENCE)
    fence["clauses"] = (fence["clauses"][0], any_attempt)


def _rename() -> None:
    """Publish by copying into the final name."""

    def publish(layout: Layout, session_uuid: str, job_uuid: str, attempt: int) -> None:
        source = layout.attempt_dir(job_uuid, attempt) / "job"
        target = layout.job_dir(session_uuid, job_uuid)
        if (target / "job.json").exists():
            raise FileExistsError(target)
        shutil.rmtree(target, ignore_errors=True)
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            place = target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            _copy_slowly(file, place)

    publishing.publish = publish


def _copy_slowly(source: Path, target: Path) -> None:
    content = source.read_bytes()
    size = len(content) // PIECES + 1
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(content), size):
            file.write(content[start : start + size])
            time.sleep(PIECE_S)


def _move_first() -> None:
    """Move a drop away before its lines are durable."""
    read, place = Intake._read, Filer._place  # noqa: SLF001 - what is broken
    moved: dict[DropKey, bytes | None] = {}

    def read_then_move(self: Intake, now: Now, deadline: float) -> None:
        read(self, now, deadline)
        for parsed_drop in self._recorder.parsed_drops:
            if parsed_drop.key not in moved:
                inbox_file = parsed_drop.inbox_file
                moved[parsed_drop.key] = _file_at_once(self._filer, inbox_file)
                failpoints.failpoint("drop.moved", inbox_file.name)

    def moved_already(
        self: Filer, recorded: RecordedDrop, now: Now, open_dirs: OpenDirs
    ) -> DropPlacement:
        if recorded.key not in moved:
            return place(self, recorded, now, open_dirs)
        return DropPlacement(
            drop=recorded.drop,
            state="filed",
            filed_name=moved.pop(recorded.key),
            at_root=recorded.inbox_file.location.at_root,
        )

    Intake._read = read_then_move  # type: ignore[method-assign] # noqa: SLF001 - what is broken
    Filer._place = moved_already  # type: ignore[method-assign] # noqa: SLF001 - what is broken


def _file_at_once(filer: Filer, inbox_file: InboxFile) -> bytes | None:
    layout = filer._layout  # noqa: SLF001 - what is broken
    with OpenDirs() as open_dirs:
        return filing.file_drop(
            layout.inbox, inbox_file, PROCESSED, lambda _: False, open_dirs
        )


def _no_verify() -> None:
    """Take every file for sound that decodes without a defect."""

    def believe(
        request: FetchRequest,  # noqa: ARG001 - not looked at: that is the point
        path: Path,  # noqa: ARG001 - as above
        *,
        announced_s: float,
        written_s: float,
        on_progress: Callable[[float], None],  # noqa: ARG001 - as above
    ) -> float:
        return written_s or announced_s

    verify.prove = believe


def _adopt() -> None:
    """Fetch again what lies there already."""

    def nothing(request: FetchRequest) -> None:  # noqa: ARG001 - not looked at
        return None

    source.adopt = nothing


def _deaf() -> None:
    """Forget whose end was asked for when an attempt ends otherwise."""

    def never(db: Connection, fence: Fence) -> bool:  # noqa: ARG001 - not looked at
        return False

    transitions._cancel_was_requested = never  # noqa: SLF001 - what is broken


def _gate() -> None:
    """Claim whatever the site said."""

    def always(closed: object, now: Now) -> bool:  # noqa: ARG001 - not looked at
        return True

    gates.may_claim = always


def _page() -> None:
    """Record the first page of each list, and drop the others."""
    record = ListingRecorder.record_page

    def record_first(
        self: ListingRecorder, claim: ListingClaim, page: ListedPage, now: Now
    ) -> int | None:
        first = page if page.number == 1 else replace(page, entries=())
        return record(self, claim, first, now)

    ListingRecorder.record_page = record_first  # type: ignore[method-assign]


def _witness() -> None:
    """Nothing in the product: the run itself plants an unfinished file."""


SABOTAGES: dict[str, Callable[[], None]] = {
    "fence": _fence,
    "rename": _rename,
    "move_first": _move_first,
    "no_verify": _no_verify,
    "adopt": _adopt,
    "deaf": _deaf,
    "gate": _gate,
    "page": _page,
    "witness": _witness,
}
