"""Lists a collection and sums up its wanted entries; downloads and records nothing."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ytaudio_daemon.downloader.collection_expander import (
    CollectionExpander,
    ExpandControl,
)
from ytaudio_daemon.downloader.egress_choice import EgressChoice
from ytaudio_daemon.downloader.expansion import CollectionRequest, Expansion
from ytaudio_daemon.downloader.retry_policy import with_short_retries
from ytaudio_daemon.downloader.work_dirs import user_cache_dir, work_layout
from ytaudio_daemon.downloader.worker_runtime import WorkerRuntime
from ytaudio_daemon.folders import Layout
from ytaudio_daemon.jobs.config_values import egress_keys
from ytaudio_daemon.model.options import Options
from ytaudio_daemon.model.preview import Preview
from ytaudio_daemon.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedCollection:
    """A collection that was listed.

    Attributes:
        expansion: The collection; its `failure` says why it was not listed to its end.
        preview: Its wanted entries, summed up.
    """

    expansion: Expansion
    preview: Preview


class CollectionPreviewer:
    """Lists collections in a worker of its own, in a temporary folder.

    To be used in a `with` block, or closed; its processes end with the program at last.

    Args:
        settings: Sections download, youtube, retry and collections.
        private_paths: What its workers must not reach.
    """

    def __init__(self, settings: Settings, private_paths: Sequence[Path] = ()) -> None:
        self._settings = with_short_retries(settings)
        self._cache = user_cache_dir()
        self._runtime = WorkerRuntime(self._settings, self._cache / "home")
        self._expander = CollectionExpander(
            self._settings,
            self._runtime,
            self._temporary_work_dir,
            EgressChoice(egress_keys(settings)),
            private_paths,
        )

    def preview(
        self,
        request: CollectionRequest,
        options: Options,
        control: ExpandControl,
        own_cookies: Path | None = None,
    ) -> PreviewedCollection:
        """List a collection.

        Args:
            request: The collection, and which entries are wanted.
            options: What its jobs would get.
            control: Ends the listing early.
            own_cookies: The session's, in place of the config's.
        """
        limit = self._settings.collections.max_items
        expansion = Expansion(request=request, max_items=limit, own_cookies=own_cookies)
        preview = Preview(options=options)
        for expanded in self._expander.expand(expansion, control):
            if expanded.is_wanted:
                preview.add(expanded.entry)
        return PreviewedCollection(expansion=expansion, preview=preview)

    def close(self) -> None:
        """End what runs."""
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _temporary_work_dir(self) -> Iterator[Layout]:
        with tempfile.TemporaryDirectory(prefix="ytaudio-preview-") as folder:
            yield work_layout(Path(folder), self._cache)
