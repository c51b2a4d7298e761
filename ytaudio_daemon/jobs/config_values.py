"""The config's values about jobs, in the types of `model`. Imports no SQL."""

import os
from pathlib import Path

from ytaudio_daemon.model import Limits, Network
from ytaudio_daemon.model.decide import RetryPolicy
from ytaudio_daemon.model.gates import Pace
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
        disk_reserve_bytes=settings.disk.reserve,
    )


def network(settings: Settings, own_cookies: Path | None = None) -> Network:
    """Return how YouTube is reached, with a session's own cookies if it has any."""
    download = settings.download
    return Network(
        proxy=download.proxy,
        ca_file=os.fspath(download.ca_file or ""),
        cookies_file=os.fspath(own_cookies or download.cookies_file or ""),
        cookies=download.cookies,
        pot_provider=settings.youtube.pot_provider,
        player_clients=settings.youtube.clients,
        stores_cookies=own_cookies is not None,
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
