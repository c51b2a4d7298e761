"""A house with collections whose jobs are completed by hand, and what its library holds."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from tests.integration.collections_rig import CollectionsHouse, video
from tests.integration.intake_rig import LIVE, STRUCK
from tests.integration.views_rig import result_of
from ytaudio_daemon.daemon.reload import view_settings
from ytaudio_daemon.ledger import claims, transitions
from ytaudio_daemon.model import AlbumFacts, ListedEntry, ListedPage, Outcome
from ytaudio_daemon.model.gates import UNLIMITED
from ytaudio_daemon.model.quota import Quota
from ytaudio_daemon.settings import load
from ytaudio_daemon.system import failpoints
from ytaudio_daemon.views import Views

ALBUM = (
    "https://www.youtube.com/playlist?list=OLAK5uy_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)
CHANNEL = "https://www.youtube.com/@museum/videos"


class LibraryHouse(CollectionsHouse):
    """An inbox, a lister, views; a download takes no time."""

    def __init__(self, root: Path, **environment: str) -> None:
        self._environment = environment
        super().__init__(root, **environment)
        assert self.layout.library is not None
        self.library = self.layout.library
        self.shelf = self.library / "alice"

    def configure(self, **environment: str) -> None:
        """Go on with another config."""
        self._environment |= environment
        told = {"YTAUDIO_PATHS_ROOT": str(self.layout.inbox.parent)}
        self.settings = load(
            None, told | {"YTAUDIO_INBOX_SETTLE": "0s"} | self._environment
        )
        self.restart()

    def collect_list(self, url: str, pages: Sequence[ListedPage]) -> None:
        """Drop a link to a collection, and list it."""
        self.lane.lists[url] = [*pages]
        self.drop(name=f"{len(self.lane.lists)}.txt", content=f"{url}\n")
        self.take()
        self.list_all()

    def complete(
        self,
        title: str,
        *,
        tags: dict[str, str] | None = None,
        channel: str = "",
        audio: bytes | None = None,
        ext: str = "mp3",
    ) -> Path:
        """Complete the next job, and return its file in downloads."""
        with self.ledger.write() as db:
            claim = claims.claim_next(db, self.now, "here", UNLIMITED)
        assert claim is not None
        content = audio if audio is not None else f"{claim.video_id} {title}".encode()
        file = self.layout.audio_file(claim.session_uuid, claim.uuid, f"{title}.{ext}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        document = {"tags": tags or {}, "channel": channel}
        (file.parents[1] / "job.json").write_text(json.dumps(document))
        digest = hashlib.sha256(content).hexdigest()
        with self.ledger.write() as db:
            assert transitions.begin_publish(
                db, claim.fence, output_path=str(file), sha256=digest, now=self.now
            )
            outcome = Outcome(result=result_of(content, title))
            assert transitions.complete(
                db, claim.fence, outcome, self.now, Quota(max_jobs=0)
            )
        return file

    def shelved(self) -> list[str]:
        """Let the views work, and return the paths of all files in the library."""
        self.show()
        return self.files()

    def files(self, ending: str = "") -> list[str]:
        """Return the paths of the files in the session's library."""
        found = (path for path in self.shelf.rglob(f"*{ending}") if path.is_file())
        return sorted(str(path.relative_to(self.shelf)) for path in found)

    def show_and_die_at(self, step: str) -> None:
        """Let the views work in a process that ends when it passes a step."""
        self.ledger.close()
        pid = os.fork()
        if pid == 0:
            failpoints.on_failpoint(
                lambda name, _: os._exit(STRUCK) if name == step else None
            )
            try:
                self.show()
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == STRUCK
        self.restart()

    def show(self) -> None:
        self.problems()

    def problems(self) -> list[str]:
        """Let the views work, and return what they complain of."""
        views = Views(self.ledger, self.layout, view_settings(self.settings))
        now = self.now
        views.rebuild(now, LIVE)
        while views.next_due(now) == 0:
            views.refresh(now, LIVE)
        views.refresh(now, LIVE, force=True)  # it saves what it has done
        found = [problem.message for problem in views.problems()]
        views.close()
        return found


def album(*tracks: int | None, title: str = "Pastel Blues") -> list[ListedPage]:
    """Return the page of an album with songs of these numbers."""
    entries = tuple(
        ListedEntry(
            position=place, video_id=video(place), title=f"Song {place}", track=track
        )
        for place, track in enumerate(tracks, 1)
    )
    facts = AlbumFacts(title=title, artist="Nina Simone", year=1965, tracks=len(tracks))
    return [
        ListedPage(
            number=1,
            kind="album",
            title=title,
            announced=len(tracks),
            album=facts,
            entries=entries,
        )
    ]


def channel(*numbers: int, title: str = "The Museum") -> list[ListedPage]:
    """Return the page of a channel with the videos of those numbers."""
    entries = tuple(
        ListedEntry(position=place, video_id=video(number), title=f"Talk {number}")
        for place, number in enumerate(numbers, 1)
    )
    return [ListedPage(number=1, kind="channel", title=title, entries=entries)]
