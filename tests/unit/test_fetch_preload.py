"""What a template imports: it is a part of every worker."""

import subprocess
import sys

#: Each is installed here, or a part of Python.
UNUSED = {"Cryptodome", "sqlite3", "websockets"}
SCRIPT = """
import sys
from ytaudio_daemon import fetch
fetch.preload()
print(*{name.partition(".")[0] for name in sys.modules})
import Cryptodome.Cipher.AES, sqlite3, websockets
from yt_dlp.aes import aes_cbc_decrypt_bytes
assert len(aes_cbc_decrypt_bytes(bytes(32), bytes(16), bytes(16))) == 32
"""


def test_a_template_goes_without_what_no_attempt_uses() -> None:
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert names >= {"yt_dlp", "mutagen", "requests"}
    assert not names & UNUSED
