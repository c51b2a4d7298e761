"""What people are told to type works here, and is said in one place."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import ytaudio_daemon
from ytaudio_daemon.system import install_hints

PACKAGE = Path(ytaudio_daemon.__path__[0])


def test_the_python_that_is_named_is_this_one() -> None:
    words = install_hints.install_extra_command("bundled").removeprefix("sudo ").split()
    said = subprocess.run(
        [words[0], "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == sys.prefix


def test_a_checkout_is_installed_as_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert f"-e '{PACKAGE.parent}[api]'" in install_hints.install_extra_command("api")
    elsewhere = tmp_path / "lib" / "ytaudio_daemon" / "system" / "install_hints.py"
    monkeypatch.setattr(install_hints, "__file__", str(elsewhere))
    assert install_hints.install_extra_command("api").endswith(
        "install 'ytaudio-daemon[api]'"
    )


def test_nobody_else_tells_how_to_install() -> None:
    others = [path for path in PACKAGE.rglob("*.py") if path.name != "install_hints.py"]
    told = [
        path.relative_to(PACKAGE)
        for path in others
        if re.search(
            r"pip install '|pip install -U yt|ytaudio-daemon\[", path.read_text()
        )
    ]
    assert told == []
