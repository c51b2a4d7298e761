"""Real locales whose characters are not in UTF-8, made for a test."""

import subprocess
from pathlib import Path

import pytest

LATIN_1 = "en_US.ISO-8859-1"
#: The locales that every machine has: Python reads them as UTF-8 by itself (PEP 538).
PLAIN = ("C", "POSIX")


def locale_environment(name: str, folder: Path) -> dict[str, str]:
    """Return the variables of a locale; it is compiled unless every machine has it.

    Skips where `localedef` or its sources are missing.
    """
    if name in PLAIN:
        return {"LC_ALL": name}
    language, _, charset = name.partition(".")
    words = ["localedef", "-i", language, "-f", charset, str(folder / name)]
    try:
        subprocess.run(words, capture_output=True, check=False)
    except OSError:
        pytest.skip("localedef is not installed")
    if not (folder / name).is_dir():
        pytest.skip(f"localedef has no sources of {name} (Debian: apt install locales)")
    return {"LOCPATH": str(folder), "LC_ALL": name}
