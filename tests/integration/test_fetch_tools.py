"""Finding ffmpeg and a JavaScript runtime."""

import subprocess
import sys
from pathlib import Path

import pytest

from ytaudio_daemon.fetch import tools as fetch_tools
from ytaudio_daemon.fetch.tools import check_version_output, find_tools

CONFIGURED = "configuration: --enable-libmp3lame --enable-libopus --enable-libvorbis"


def program(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "told", "version", "fault"),
    [
        ("ffmpeg", f"ffmpeg version 5.1.9-0+deb12u1 x\n{CONFIGURED}", "5.1.9-0+deb12u1", ""),
        ("ffmpeg", f"ffmpeg version n7.1 x\n{CONFIGURED}", "7.1", ""),
        ("ffmpeg", f"ffmpeg version N-118-gab x\n{CONFIGURED}", "N-118-gab", ""),
        ("ffmpeg", f"ffmpeg version 4.4.2 x\n{CONFIGURED}", "4.4.2", "older than 5"),
        ("ffmpeg", "ffmpeg version 6.0 x\nconfiguration: --enable-libopus", "6.0", "libmp3lame"),
        ("ffmpeg", "", "", "does not report"),
        ("deno", "deno 2.9.8 (stable)\nv8 1\ntypescript 5", "2.9.8", ""),
        ("deno", "deno 2.2.0", "2.2.0", "older than 2.3"),
        ("node", "v22.1.0", "22.1.0", ""),
        ("node", "v20.20.2", "20.20.2", "older than 22"),
    ],
)  # fmt: skip
def test_what_is_good_enough(name: str, told: str, version: str, fault: str) -> None:
    found, wrong = check_version_output(name, told)
    assert found == version
    assert (fault in wrong) if fault else not wrong


def test_the_systems_own_are_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = program(tmp_path, "ffmpeg", f"ffmpeg version 6.1 x\n{CONFIGURED}")
    node = program(tmp_path, "node", "v24.0.0")
    monkeypatch.setenv("PATH", str(tmp_path) + ":/bin:/usr/bin")
    tools = find_tools()
    assert tools.ffmpeg is not None
    assert (tools.ffmpeg.path, tools.ffmpeg.bundled) == (str(ffmpeg), False)
    assert tools.js_pair() == ("node", str(node))


def test_node_is_passed_over_where_jit_is_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "node", "v24.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setattr(fetch_tools, "is_jit_forbidden", lambda: True)
    tools = find_tools()
    assert tools.js_runtime is None or tools.js_runtime.name == "deno"
    assert any("MemoryDenyWriteExecute" in reason for _, reason in tools.rejected)


def test_what_is_too_old_is_passed_over_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "ffmpeg", "ffmpeg version 4.4 x")
    program(tmp_path, "deno", "deno 1.40.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    tools = find_tools()
    assert tools.ffmpeg is not None
    assert tools.ffmpeg.bundled
    assert tools.js_runtime is not None
    assert tools.js_runtime.bundled
    assert any("ffmpeg: version 4.4 is older" in reason for _, reason in tools.rejected)
    assert any("deno: version 1.40.0" in reason for _, reason in tools.rejected)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "echo 'libav.so.9: cannot map: Cannot allocate memory' >&2; exit 127",
            "Cannot allocate memory",
        ),
        ("kill -KILL $$", "is killed by signal 9"),
        ("echo hello", "does not report its version"),
    ],
)
def test_one_that_cannot_run_is_named_with_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text(f"#!/bin/sh\n{script}\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    remark = find_tools().unusable_remark("ffmpeg")
    assert str(ffmpeg) in remark
    assert reason in remark
    assert find_tools().unusable_remark("js_runtime") == ""


def test_one_that_cannot_be_started_is_named_with_the_kernels_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text("#!/nowhere/sh\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "cannot be started: No such file" in find_tools().unusable_remark("ffmpeg")


def test_it_loads_no_yt_dlp() -> None:
    script = (
        "import sys; from ytaudio_daemon.fetch.tools import find_tools; find_tools();"
        "assert not any(m.startswith(('yt_dlp', 'mutagen')) for m in sys.modules)"
    )
    checkout = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=checkout)
