"""Our provider of proof-of-origin tokens, registered with yt-dlp by importing this module.

It uses yt-dlp's public interface (`yt_dlp.extractor.youtube.pot.provider`), so that no
plugin from the file system is needed: those stay shut out.
"""

from yt_dlp.extractor.youtube.pot.provider import (
    ExternalRequestFeature,
    PoTokenProvider,
    PoTokenProviderRejectedRequest,
    PoTokenRequest,
    PoTokenResponse,
    register_provider,
)
from yt_dlp.extractor.youtube.pot.utils import get_webpo_content_binding

from ytaudio_daemon.fetch.po_tokens import PARAMETER, TokenSource
from ytaudio_daemon.fetch.pot_client import PotProviderError


@register_provider
class YtAudioPTP(PoTokenProvider):  # type: ignore[misc]  # yt-dlp ships no types
    """Passes yt-dlp's requests for tokens on to the attempt's `TokenSource`."""

    PROVIDER_NAME = "ytaudio"
    #: Which clients and contexts need which binding is yt-dlp's knowledge.
    _SUPPORTED_CLIENTS = None
    _SUPPORTED_CONTEXTS = None
    #: The provider reaches YouTube the way it is told to.
    _SUPPORTED_EXTERNAL_REQUEST_FEATURES = tuple(ExternalRequestFeature)

    def is_available(self) -> bool:
        """Return whether a provider is configured and has not failed in this attempt."""
        source = self._source()
        return source is not None and source.is_usable

    def _real_request_pot(self, request: PoTokenRequest) -> PoTokenResponse:
        """Return the token for a request.

        A failure is logged as information: the text of a yt-dlp warning would be
        classified as if YouTube had sent it.

        Raises:
            PoTokenProviderRejectedRequest: There is none.
        """
        binding, _ = get_webpo_content_binding(request)
        source = self._source()
        if binding is None or source is None:
            raise PoTokenProviderRejectedRequest("no token of a web player is needed")
        try:
            return PoTokenResponse(po_token=source.fetch(_query(request, binding)))
        except PotProviderError as error:
            message = f"the provider at {source.address} {error}"
            self.logger.info(message)
            raise PoTokenProviderRejectedRequest(str(error)) from error

    def _source(self) -> TokenSource | None:
        found = self.ie.get_param(PARAMETER)
        return found if isinstance(found, TokenSource) else None


def _query(request: PoTokenRequest, binding: str) -> dict[str, object]:
    """Return the body of a request to the provider."""
    return {
        "content_binding": binding,
        "proxy": request.request_proxy,
        "bypass_cache": request.bypass_cache,
        "source_address": request.request_source_address,
        "disable_tls_verification": not request.request_verify_tls,
        "innertube_context": request.innertube_context,
    }
