"""Starts a template by exec, with a clean environment, and sends it orders."""

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ytaudio_daemon.errors import TemplateError
from ytaudio_daemon.pool.events import TemplateFacts
from ytaudio_daemon.system import protocol
from ytaudio_daemon.system.orphans import STATE_ENV, TEMPLATE_ENV
from ytaudio_daemon.system.utf8_mode import UTF8_MODE

_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_PASSED_ENV = frozenset(
    {"PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | set(_PROXIES)
    | {name.upper() for name in _PROXIES}
)

# `-I` keeps PYTHON* variables, the user's site folder and the current folder out.
# The folder of a newer yt-dlp than the installed one goes in front. The folder that
# this package was imported from goes before other installed packages: a checkout or a
# user's own installation must not get another version of itself as its template.
_BOOTSTRAP = """
import sys
from importlib import import_module
own, ytdlp, module, *words = sys.argv[1:]
installed = [n for n, path in enumerate(sys.path) if path.endswith("-packages")]
sys.path.insert(min(installed, default=len(sys.path)), own)
sys.path[:0] = [ytdlp] if ytdlp else []
sys.exit(import_module(module).main(*words))
"""
_PACKAGE_PARENT = str(Path(__file__).parents[2])


def python_command(ytdlp_path: Path | None, module: str, *words: str) -> list[str]:
    """Return the command that calls a module's `main` in a clean interpreter.

    Args:
        ytdlp_path: Searched for modules before anything else, or None.
        module: One of ours.
        words: The arguments of its `main`; the exit status is what that returns.
    """
    engine = str(ytdlp_path or "")
    return [
        sys.executable,
        "-I",
        *UTF8_MODE,
        "-c",
        _BOOTSTRAP,
        _PACKAGE_PARENT,
        engine,
        module,
        *words,
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateConfig:
    """The settings of a template.

    Attributes:
        state_id: Marks every process, for `kill_orphans`.
        home: The private home folder; made if missing.
        ytdlp_path: Searched for modules before anything else, or None.
        entry: The module whose `preload` and `run` are called.
        environment: Variables for it.
    """

    state_id: str
    home: Path
    ytdlp_path: Path | None
    entry: str
    environment: Mapping[str, str] = field(default_factory=dict)


def template_environment(
    template_config: TemplateConfig, template_id: str, base_env: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the template, its workers and their children.

    Args:
        template_config: What the template is started with.
        template_id: Marks this template and its workers.
        base_env: The environment the allow-list is applied to.
    """
    kept = {
        k: v for k, v in base_env.items() if k in _PASSED_ENV or k.startswith("LC_")
    }
    return (
        kept
        | dict(template_config.environment)
        | {
            "HOME": str(template_config.home),
            "YTDLP_NO_PLUGINS": "1",
            STATE_ENV: template_config.state_id,
            TEMPLATE_ENV: template_id,
        }
    )


@dataclass(slots=True, eq=False)
class TemplateProcess:
    """The daemon's side of one template.

    Attributes:
        process: The exec'd interpreter.
        control: Our end of the control socket, non-blocking.
        template_id: The ID in its environment and its workers'.
        ytdlp_path: Where its yt-dlp comes from; None: the installed one.
        facts: Its message `ready`; None while it warms up.
        tickets: The attempts it has workers for.
        retiring: It gets no new attempts, and exits when its last one has ended.
        exit_requested: Its control socket was shut down: it exits.
        awaiting_reply_since: When the oldest unanswered order was sent; None if there is none.
        startup_error: Why it did not become ready, if that is known.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    template_id: str
    ytdlp_path: Path | None = None
    facts: TemplateFacts | None = None
    tickets: set[int] = field(default_factory=set)
    retiring: bool = False
    exit_requested: bool = False
    awaiting_reply_since: float | None = None
    startup_error: str = ""

    @classmethod
    def start(cls, template_config: TemplateConfig) -> "TemplateProcess":
        """Start a template; its message `ready` comes later.

        Raises:
            TemplateError: No process, socket or home folder could be created.
        """
        template_id = uuid.uuid4().hex
        try:
            template_config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            process, control = _spawn(template_config, template_id)
        except OSError as error:
            raise TemplateError(f"Cannot start the worker template: {error}") from error
        return cls(process, control, template_id, template_config.ytdlp_path)

    def fork(self, ticket: int, payload: bytes, channel: socket.socket) -> bool:
        """Order a worker; False when the order must be given again later."""
        order = protocol.encode_order(protocol.FORK, ticket, payload)
        try:
            socket.send_fds(self.control, [order], [channel.fileno()])
        except OSError:  # full for now, or dead: `messages` yields "gone"
            return False
        self.tickets.add(ticket)
        return True

    def kill(self, ticket: int) -> bool:
        """Order a worker's death; False when the order must be given again later."""
        try:
            self.control.send(protocol.encode_order(protocol.KILL, ticket))
        except OSError:  # as in `fork`
            return False
        return True

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield the template's messages; `{"kind": "gone"}` is the last one of a dead template."""
        try:
            while (message := protocol.receive(self.control)) is not None:
                yield message
        except BlockingIOError:
            return
        except (protocol.ProtocolError, ConnectionError):
            pass  # as good as dead
        yield {"kind": "gone"}

    def request_exit(self) -> None:
        """End the stream of orders: the template kills its workers and exits."""
        with suppress(OSError):  # it is gone already
            self.control.shutdown(socket.SHUT_WR)
        self.exit_requested = True

    def kill_and_reap(self) -> None:
        """Kill and reap the template's own process; its workers are left to `Reaper`."""
        self.control.close()
        self.process.kill()
        self.process.wait()


def _spawn(
    template_config: TemplateConfig, template_id: str
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the template's interpreter; its stderr is ours, so that its errors are seen."""
    template = "ytaudio_daemon.pool.template"
    with ExitStack() as on_failure:
        near, far = protocol.socket_pair()
        on_failure.enter_context(near)
        with far:
            process = subprocess.Popen(
                python_command(
                    template_config.ytdlp_path, template, template_config.entry
                ),
                stdin=far.fileno(),
                stdout=subprocess.DEVNULL,
                env=template_environment(template_config, template_id, os.environ),
                cwd=template_config.home,
                start_new_session=True,  # Ctrl-C is for the daemon, which then ends us
            )
        on_failure.pop_all()
    return process, near
