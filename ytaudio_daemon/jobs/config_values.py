"""The config's values about jobs, in the types of `model`. Imports no SQL."""

import os
from pathlib import Path

from ytaudio_daemon.model import Limits, Network
from ytaudio_daemon.model.decide import RetryPolicy
from ytaudio_daemon.model.egress import Egress, egresses_of
from ytaudio_daemon.model.gates import Pace
from ytaudio_daemon.model.hints import Circumstances
from ytaudio_daemon.settings import Settings


def limits(settings: Settings) -> Limits:
    """Return what one attempt may use."""
    download = settings.download
    return Limits(
        max_duration_s=download.max_duration,
        max_size_bytes=download.max_size,
        deadline_s=download.deadline,
        stall_timeout_s=download.stall_timeout,
        rate_limit_bps=download.rate_limit,
        nice=download.nice,
        disk_reserve_bytes=settings.disk.reserve,
    )


def egresses(settings: Settings) -> tuple[Egress, ...]:
    """Return the egresses of the config; there is at least one."""
    return egresses_of(settings.youtube.egress)


def egress_keys(settings: Settings) -> tuple[str, ...]:
    """Return the keys of the egresses, in the config's order."""
    return tuple(egress.key for egress in egresses(settings))


def network(
    settings: Settings, own_cookies: Path | None = None, egress: str | None = None
) -> Network:
    """Return the connection to YouTube: proxy, certificates, cookies and token provider.

    Args:
        settings: Sections download and youtube.
        own_cookies: The session's, in place of the config's.
        egress: The key of the egress. None, or one that is no longer configured, is the
            first: an attempt must not use an egress that was removed from the config.
    """
    download = settings.download
    configured = egresses(settings)
    chosen = next((each for each in configured if each.key == egress), configured[0])
    return Network(
        proxy=chosen.proxy or download.proxy,
        ca_file=os.fspath(download.ca_file or ""),
        cookies_file=os.fspath(own_cookies or download.cookies_file or ""),
        cookies=download.cookies,
        pot_provider=settings.youtube.pot_provider,
        player_clients=settings.youtube.clients,
        stores_cookies=own_cookies is not None,
    )


def circumstances(settings: Settings) -> Circumstances:
    """Return which settings are set already, so that hints do not advise them."""
    download = settings.download
    return Circumstances(
        cookies=bool(download.cookies_file),
        proxy=bool(download.proxy),
        ca_file=bool(download.ca_file),
    )


def converter_count(settings: Settings) -> int:
    """Return the number of conversions at once: the config's, or one a CPU core."""
    return settings.download.converters or len(os.sched_getaffinity(0))


def retry_policy(settings: Settings) -> RetryPolicy:
    """Return how often and how soon a failed job is tried again."""
    retry = settings.retry
    return RetryPolicy(
        max_attempts=retry.attempts,
        base_s=retry.base,
        cap_s=retry.cap,
        max_pending_s=settings.sessions.max_pending,
    )


def pace(settings: Settings) -> Pace:
    """Return the token bucket that attempts are started from."""
    return Pace(burst=settings.pace.burst, per_hour=settings.pace.per_hour)
