"""Pages and player answers have an end: whatever sends them, and however much.

yt-dlp reads each of them whole into memory. An endless one, from a captive portal or
anybody in between, would take all that the machine has before a deadline comes.
"""

from typing import Any

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.failures import AttemptFailedError

#: YouTube's largest pages and players have below 4 MiB, as do pieces of a stream.
MAX_RESPONSE_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 18


def limit_response_size(response: Any) -> Any:
    """Have a response of yt-dlp's refuse to be read whole when it is endless.

    Reads that say how much they want, as a download's do, stay as they are.
    """
    plain = response.read

    def read(amount: int | None = None) -> bytes:
        if amount is not None and amount >= 0:
            return bytes(plain(amount))
        pieces: list[bytes] = []
        size = 0
        while piece := plain(_CHUNK_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_RESPONSE_BYTES:
                response.close()
                raise AttemptFailedError(failure_for("endless_answer"))
        return b"".join(pieces)

    response.read = read
    return response
