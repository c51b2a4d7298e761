"""The proof-of-origin tokens that the stand-in believes; pure."""

import base64
import hashlib


def token_for(binding: str) -> str:
    """Return the token that proves an origin to whom a binding belongs.

    Args:
        binding: what a real token is minted for: the visitor's data, or a video's ID.

    """
    digest = hashlib.sha512(f"stand-in {binding}".encode()).digest()
    return base64.urlsafe_b64encode(digest + digest[:23]).decode()
