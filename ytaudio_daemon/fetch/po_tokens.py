"""The proof-of-origin tokens of one attempt, and what a missing one means for it."""

import contextlib
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.fetch.pot_client import PotProviderError, fetch_token
from ytaudio_daemon.model import Failure

#: yt-dlp's parameter that holds the attempt's `TokenSource`.
PARAMETER = "ytaudio_tokens"
#: A job whose token cannot be had is tried again after so long, in seconds.
RETRY_S = 300.0
_PLUGIN = "ytaudio_daemon.fetch.pot_plugin"

#: Failures that a missing token explains.
_EXPLAINED_CODES = frozenset({"no_formats", "sabr_only", "media_refused", "forbidden"})
#: yt-dlp, extractor/youtube/_video.py, `_report_pot_format_skipped`.
_TOKEN_REQUIRED = "require a GVS PO Token which was not provided"  # noqa: S105 - a text


@dataclass(slots=True)
class TokenSource:
    """Fetches an attempt's tokens; after its first failure it asks no more.

    yt-dlp asks again for every format, so that a provider which never answers would
    cost minutes otherwise.

    Attributes:
        address: The provider's; "" when none is configured.
        failure: Why there was no token, as a predicate for "the provider …"; "" if
            none was asked for, or all were given.
    """

    address: str
    failure: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether asking makes sense."""
        return bool(self.address) and not self.failure

    def fetch(self, query: Mapping[str, Any]) -> str:
        """Return a token; see `pot_client.fetch_token`.

        Raises:
            PotProviderError: There is none.
        """
        try:
            return fetch_token(self.address, query)
        except PotProviderError as error:
            self.failure = str(error)
            raise

    def note(self) -> str:
        """Return the remark for a job that was done without a token, or ""."""
        if not self.failure:
            return ""
        return (
            "fetched without a proof-of-origin token: the provider at "
            f"{self.address} {self.failure}"
        )


def token_source(address: str) -> TokenSource:
    """Return the source of an attempt's tokens, which has none without an address."""
    source = TokenSource(address)
    if address and not register_plugin():
        source.failure = "cannot be asked by this yt-dlp, which has no interface for it"
    return source


def register_plugin() -> bool:
    """Register our provider with yt-dlp, once per process.

    Returns:
        False when this yt-dlp has no interface for token providers.
    """
    if _PLUGIN not in sys.modules:
        with contextlib.suppress(ImportError, AttributeError, TypeError):
            importlib.import_module(_PLUGIN)
    return _PLUGIN in sys.modules


def blame_missing_token(
    failure: Failure, source: TokenSource, warnings: Sequence[str]
) -> Failure:
    """Return the failure, blamed on the missing token where that explains it. Pure."""
    if failure.code not in _EXPLAINED_CODES:
        return failure
    if source.failure:
        blamed = failure_for("pot_provider_failed")
        message = f"{blamed.message.removesuffix('.')}: it {source.failure}."
        return replace(blamed, message=message, retry_after_s=RETRY_S)
    is_required = any(_TOKEN_REQUIRED in warning for warning in warnings)
    if is_required and not source.address:
        return failure_for("pot_required")
    return failure
