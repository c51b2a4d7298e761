"""Checks the provider of proof-of-origin tokens that [youtube] names."""

from collections.abc import Iterator

from ytaudio_daemon.doctor.check_result import CheckResult, ok, warning
from ytaudio_daemon.fetch.pot_client import PotProviderError, ping


def check_token_provider(address: str) -> Iterator[CheckResult]:
    """Yield the result on the token provider at `address`; nothing when it is "".

    It sends a ping, and asks for no token: that would have it ask YouTube.
    """
    if not address:
        return
    try:
        version = ping(address)
    except PotProviderError as error:
        yield warning(
            "pot_provider",
            f"the provider of proof-of-origin tokens at {address} {error}; what needs a "
            "token waits",
            "start it (docs/youtube.md has the lines), or set [youtube] pot_provider to "
            '""; the service reaches a local one only with IPAddressAllow=localhost',
        )
        return
    named = f", version {version}" if version else ""
    yield ok("pot_provider", f"the token provider at {address} answers{named}")
