"""What a broken connection means when it leads through a proxy. Pure."""

from ytaudio_daemon.fetch.failure_catalog import failure_for
from ytaudio_daemon.model import Failure, Network


def blame_proxy(failure: Failure, network: Network) -> Failure:
    """Return the failure; a refused connection is the proxy's where there is one.

    yt-dlp's SOCKS client reports it like one that YouTube refused. But through a proxy,
    YouTube is never connected to; the job is not charged for it.
    """
    if network.proxy and failure.code == "refused":
        return failure_for("proxy_failed")
    return failure
