"""Commands that install or start what is missing, for the way this program is installed.

A plain `pip install` is refused by Debian 12 and all that follow PEP 668
(https://peps.python.org/pep-0668/), and would miss a venv besides. In one place, so
that doctor, daemon and failures say the same.
"""

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

DISTRIBUTION = "ytaudio-daemon"
SERVICE = "ytaudio-daemon.service"
#: Where systemd looks for units of the system (systemd.unit(5)).
_SYSTEM_UNITS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)


def install_extra_command(extra: str) -> str:
    """Return the command that adds an extra, e.g. `api`, to this installation."""
    checkout = Path(__file__).parents[2]
    is_checkout = (checkout / "pyproject.toml").is_file()
    what = f"-e '{checkout}[{extra}]'" if is_checkout else f"'{DISTRIBUTION}[{extra}]'"
    return f"{_pip_command()} install {what}"


def install_ffmpeg_hint() -> str:
    """Return how to get an ffmpeg that is new enough, as a sentence."""
    return f"Install ffmpeg 5 or newer, or {bundled_ffmpeg_command()}"


def install_js_runtime_hint() -> str:
    """Return how to get a JavaScript runtime that is new enough, as a sentence."""
    return f"Install deno 2.3 or Node.js 22 or newer, or {bundled_js_runtime_command()}"


def bundled_ffmpeg_command() -> str:
    """Return the command that installs the ffmpeg of the extra `bundled`, also over a broken one."""
    return f"{_pip_command()} install --force-reinstall --no-deps imageio-ffmpeg"


def bundled_js_runtime_command() -> str:
    """Return the command that installs the deno of the extra `bundled`, also over a broken one."""
    return f"{_pip_command()} install --force-reinstall --no-deps deno"


def reinstall_ytdlp_command() -> str:
    """Return the command that reinstalls yt-dlp in this installation."""
    return f"{_pip_command()} install --upgrade 'yt-dlp[default]'"


def reinstall_pyav_command() -> str:
    """Return the command that reinstalls PyAV in this installation, also over a broken one."""
    return f"{_pip_command()} install --force-reinstall --no-deps 'av>=18.1,<20'"


def start_daemon_command(config: Path | None = None, root: str | None = None) -> str:
    """Return the command that starts the daemon, as it is installed here.

    Args:
        config: The config file in use; a service has its own.
        root: From the command line; a service has none.
    """
    service = _systemctl_command(config)
    if service and root is None:
        return f"{service} start {SERVICE}"
    flags = (("--config", config), ("--root", root))
    words = [word for flag, value in flags if value for word in (flag, str(value))]
    return shlex.join(["ytaudio", *words, "run"])


def restart_daemon_command(config: Path | None = None) -> str:
    """Return the command that restarts a daemon that hangs."""
    service = _systemctl_command(config)
    return f"{service} restart {SERVICE}" if service else "stop it, then: ytaudio run"


def stop_daemon_hint(config: Path | None = None) -> str:
    """Return how the daemon is stopped, as it is installed here."""
    service = _systemctl_command(config)
    if service:
        return f"Stop the daemon: {service} stop {SERVICE}"
    return "Stop the daemon: Ctrl-C in the terminal of `ytaudio run`, or kill its pid"


def read_log_command(config: Path | None = None) -> str:
    """Return the command that shows the end of the daemon's log."""
    service = _systemctl_command(config)
    if not service:
        return "look into logs/error.log, or where `ytaudio run` was started"
    user = " --user" if "--user" in service else ""
    sudo = "" if user else "sudo "
    return f"{sudo}journalctl{user} -u {SERVICE} -n 50"


def _systemctl_command(config: Path | None) -> str:
    """Return `systemctl` for the service that runs this config, "" without one."""
    if not Path("/run/systemd/system").is_dir():
        return ""
    if any((Path(place) / SERVICE).exists() for place in _SYSTEM_UNITS):
        is_its_config = config is None or Path("/etc") in config.parents
        return "sudo systemctl" if is_its_config else ""
    if (Path.home() / ".config/systemd/user" / SERVICE).exists():
        return "systemctl --user"
    return ""


def _pip_command() -> str:
    sudo = "" if os.access(sys.prefix, os.W_OK) else "sudo "
    # `sys.executable` may be a link to anything; the venv is what pip is to fill.
    python = Path(sys.prefix, "bin", "python3")
    if find_spec("pip") is None:
        return f"{sudo}uv pip --python {python}"
    return f"{sudo}{python} -m pip"
