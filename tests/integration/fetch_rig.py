"""Runs real attempts in real child processes with a clean environment."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ytaudio_daemon.fetch.tools import Tools, find_tools
from ytaudio_daemon.model import FetchRequest, Limits, Network, Options, Outcome

CHECKOUT = Path(__file__).resolve().parents[2]
VIDEO = "AAAAAAAAAAA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one attempt came to."""

    #: None when the process was killed.
    outcome: Outcome | None
    events: list[dict[str, Any]]
    cpu_s: float
    #: The most memory that the process had.
    peak_bytes: int
    folder: Path

    @property
    def result(self) -> Any:
        assert self.outcome is not None
        assert self.outcome.result is not None, self.outcome.failure
        return self.outcome.result

    @property
    def failure(self) -> Any:
        assert self.outcome is not None
        assert self.outcome.failure is not None, self.outcome.result
        return self.outcome.failure

    @property
    def audio(self) -> Path:
        return self.folder / "job" / "audio" / str(self.result.file_name)

    @property
    def job(self) -> Any:
        return json.loads((self.folder / "job" / "job.json").read_text())

    @property
    def phases(self) -> list[str]:
        """The phases in order, each once."""
        return list(dict.fromkeys(event["phase"] for event in self.events))


class Runner:
    """The forking process, and numbered attempt folders under one root."""

    def __init__(self, root: Path) -> None:
        self.tools: Tools = find_tools()
        self._root = root
        self._count = 0
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(root),
            "PYTHONPATH": str(CHECKOUT),
            "LANG": "C.UTF-8",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.fetch_runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=CHECKOUT,
            start_new_session=True,
        )
        assert self._readline() == "ready\n"

    def folder(self) -> Path:
        """Return a new attempt's empty folder."""
        self._count += 1
        folder = self._root / f"attempt-{self._count}"
        folder.mkdir()
        return folder

    def request(
        self,
        folder: Path,
        *,
        video_id: str = VIDEO,
        limits: Limits | None = None,
        network: Network | None = None,
        earlier: tuple[Path, ...] = (),
        **options: Any,
    ) -> FetchRequest:
        """Return a request; what is not an option of a person's is a field of it."""
        names = FetchRequest.__dataclass_fields__.keys() & options.keys()
        fields = {name: options.pop(name) for name in names}
        assert self.tools.ffmpeg is not None
        defaults: dict[str, Any] = {
            "ffmpeg": self.tools.ffmpeg.path,
            "ffmpeg_version": self.tools.ffmpeg.version,
            "js_runtime": self.tools.js_pair(),
            "job_facts": {"id": "a job's"},
            "cache_dir": str(self._root / "cache"),
        }
        return FetchRequest(
            key="k",
            attempt=1,
            url=f"https://www.youtube.com/watch?v={video_id}",
            video_id=video_id,
            options=Options(**({"bitrate": None} | options)).to_json(),
            fallback_bitrate="128k",
            attempt_dir=str(folder),
            earlier_dirs=tuple(map(str, earlier)),
            limits=limits or Limits(),
            network=network or Network(),
            **(defaults | fields),
        )

    def run(  # noqa: PLR0913 - each a way to go wrong
        self,
        request: FetchRequest,
        *,
        die_at: str = "",
        remove_at: tuple[str, str] = ("", ""),
        environment: Mapping[str, str] | None = None,
        uid: int = 0,
        max_file_bytes: int = 0,
        no_jit: bool = False,
        by_urllib: bool = False,
    ) -> Ran:
        """Make one attempt in a child process.

        Args:
            request: What to fetch.
            die_at: A phase at whose beginning the child is killed.
            remove_at: A phase, and the files below the attempt's folder (a pattern, ""
                for the folder itself) that somebody removes at its beginning.
            environment: More variables.
            uid: The user to become.
            max_file_bytes: RLIMIT_FSIZE.
            no_jit: Memory may not be written and executed.
            by_urllib: No other HTTP library is used.
        """
        order = {
            "request": request.to_json(),
            "die_at": die_at,
            "remove_at": remove_at,
            "environment": dict(environment or {}),
            "uid": uid,
            "max_file_bytes": max_file_bytes,
            "no_jit": no_jit,
            "by_urllib": by_urllib,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._readline())
        outcome = answer["outcome"] and Outcome.from_json(answer["outcome"])
        return Ran(
            outcome=outcome,
            events=answer["events"],
            cpu_s=answer["cpu_s"],
            peak_bytes=answer["peak_bytes"],
            folder=Path(request.attempt_dir),
        )

    def close(self) -> None:
        """End the process: its input closes."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(timeout=60)

    def _readline(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
