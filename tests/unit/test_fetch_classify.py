"""From what yt-dlp says to a kind, a code and plain words.

The texts are those that the unpatched yt-dlp 2026.8 and 2026.10 print against the
stand-in, and YouTube's reasons from yt-dlp's issue tracker.
"""

import errno
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.fetch.classify import (
    MAX_RETRY_AFTER_S,
    Cause,
    Evidence,
    classify,
    parse_retry_after,
)
from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG
from ytaudio_daemon.fetch.failure_texts import RULES
from ytaudio_daemon.model import FailureKind

NO_FORMATS = (
    "No video formats found!; please report this issue on  https://github.com/x?q= "
)
NO_RUNTIME = "[youtube] No supported JavaScript runtime could be found. Only deno is"
N_UNSOLVED = "[youtube] A: n challenge solving failed: Some formats may be missing."
API_429 = (
    "[youtube] A: Unable to download API page: HTTP Error 429: Too Many Requests "
    "(caused by <HTTPError 429: Too Many Requests>)"
)


def said(text: str, *warnings: str, **more: object) -> Evidence:
    return Evidence(causes=(Cause(text=text),), warnings=warnings, **more)  # type: ignore[arg-type]  # a test's own fields


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("Private video. Sign in if you've been granted access", "private_video"),
        (
            "Video unavailable. This video has been removed by the uploader",
            "removed_by_uploader",
        ),
        (
            "This video has been removed for violating YouTube's Terms of Service",
            "removed_by_youtube",
        ),
        (
            (
                "Video unavailable. This video is no longer available because the YouTube "
                "account associated with this video has been terminated."
            ),
            "account_closed",
        ),
        (
            (
                "Video unavailable. This video contains content from X, who has blocked it "
                "on copyright grounds"
            ),
            "copyright",
        ),
        (
            (
                "This video is available to this channel's members on level: Fan. Join this "
                "channel to get access to members-only content"
            ),
            "members_only",
        ),
        (
            "The uploader has not made this video available in your country",
            "geo_blocked",
        ),
        (
            (
                "Sign in to confirm your age. This video may be inappropriate for some "
                "users."
            ),
            "age_restricted",
        ),
        ("This video is DRM protected", "drm"),
        ("This video requires payment to watch.", "paid"),
        ("Video unavailable", "video_unavailable"),
        ("This live event will begin in 2 hours.", "upcoming"),
        ("Premieres in 2 hours", "premiere"),
        ("We're processing this video. Check back later.", "processing"),
        ("We\u2019re processing this video. Check back later.", "processing"),
        ("Sign in to confirm you\u2019re not a bot", "bot_check"),
        (
            (
                "Video unavailable. This content isn't available, try again later. The "
                "current session has been rate-limited by YouTube for up to an hour."
            ),
            "rate_limited",
        ),
        (
            (
                "Video unavailable. YouTube is requiring a captcha challenge before "
                "playback"
            ),
            "bot_check",
        ),
        (
            (
                "All player responses are invalid. Your IP is likely being blocked by "
                "Youtube"
            ),
            "rate_limited",
        ),
        ("An error occurred. Please try again later.", "no_answer"),
        ("The page needs to be reloaded.", "no_answer"),
        (
            (
                "Video unavailable. This video contains content from SME, who has blocked "
                "it in your country on copyright grounds"
            ),
            "geo_blocked",
        ),
        ("This live stream recording is not available.", "recording_unavailable"),
        ("Please sign in", "sign_in_required"),
        (NO_FORMATS, "no_formats"),
        ("Failed to extract any player response; please report", "no_answer"),
        ("Requested format is not available. Use --list-formats", "no_formats"),
        ("something new", "unknown"),
    ],
)
def test_reasons_said_or_only_warned_of(reason: str, code: str) -> None:
    assert classify(said(reason)).code == code
    if code != "unknown":
        assert classify(said("No video formats found", reason)).code == code


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (said(NO_FORMATS, API_429), "rate_limited"),
        (said(NO_FORMATS, NO_RUNTIME, N_UNSOLVED), "js_runtime_missing"),
        (said(NO_FORMATS, N_UNSOLVED), "challenge_unsolved"),
        (said(NO_FORMATS, has_js_runtime=False), "js_runtime_missing"),
        (said(NO_FORMATS, "they are missing a URL. SABR-only streaming"), "sabr_only"),
        (
            said(NO_FORMATS, "Failed to parse JSON (caused by JSONDecodeError())"),
            "no_answer",
        ),
        (
            said(NO_FORMATS, "Error reading response: 2 bytes read, 3 more expected"),
            "cut_off",
        ),
        (
            said(NO_FORMATS, failed_requests=(Cause(status=503, endpoint="api"),)),
            "server_error",
        ),
        (
            said(NO_FORMATS, failed_requests=(Cause(status=403, endpoint="api"),)),
            "forbidden",
        ),
        (
            said(NO_FORMATS, failed_requests=(Cause(status=429), Cause(status=503))),
            "rate_limited",
        ),
        (said("Video unavailable", API_429), "rate_limited"),
        # A reason that says something is believed, whatever went wrong before.
        (said("Private video", API_429), "private_video"),
        (said("Video unavailable", NO_RUNTIME), "video_unavailable"),
        (said(NO_FORMATS, live_status="is_upcoming"), "upcoming"),
        (
            said(NO_FORMATS, "Premieres in 2 hours", live_status="is_upcoming"),
            "premiere",
        ),
        (said("", live_status="is_live"), "live_now"),
        (said("", live_status="post_live"), "post_live"),
        (said("", live_status="was_live"), "unknown"),
    ],
)
def test_the_true_cause_may_be_hidden(evidence: Evidence, code: str) -> None:
    assert classify(evidence).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Got error: HTTP Error 503: Service Unavailable", "server_error"),
        ("unable to download video data: HTTP Error 403: Forbidden", "forbidden"),
        ("Got error: 25151 bytes read, 25152 more expected", "cut_off"),
        ("HTTPSConnectionPool(host='x', port=443): Read timed out.", "timed_out"),
        ("Tunnel connection failed: 502 Bad Gateway", "proxy_failed"),
        ("[Errno -2] Name or service not known", "no_dns"),
        ("[Errno -3] Temporary failure in name resolution", "no_dns"),
        ("[Errno 101] Network is unreachable", "no_route"),
        ("[Errno 113] No route to host", "no_route"),
        ("[Errno 111] Connection refused", "refused"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "certificate"),
        ("('Connection aborted.', RemoteDisconnected('x'))", "connection_lost"),
        ("unable to write data: [Errno 28] No space left on device", "disk_full"),
        ("Did not get any data blocks", "cut_off"),
    ],
)
def test_texts_of_the_layers_below(text: str, code: str) -> None:
    assert classify(said(text)).code == code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "read_only"),
        (errno.EACCES, "permission_denied"),
        (errno.EMFILE, "too_many_files"),
        (errno.ENOMEM, "out_of_memory"),
    ],
)
def test_the_hosts_own_errors_come_first(number: int, code: str) -> None:
    causes = (Cause(text="Private video"), Cause(errno=number), Cause(status=429))
    failure = classify(Evidence(causes=causes))
    assert (failure.kind, failure.code) == (FailureKind.HOST, code)


@pytest.mark.parametrize("status", [401, 403, 416])
def test_a_refused_stream_is_asked_for_anew(status: int) -> None:
    failure = classify(Evidence(causes=(Cause(status=status, endpoint="media"),)))
    assert (failure.kind, failure.code) == (FailureKind.TRANSIENT, "media_refused")


@pytest.mark.parametrize("status", [404, 410])
def test_a_stream_that_is_not_there_is_believed_the_second_time(status: int) -> None:
    failure = classify(Evidence(causes=(Cause(status=status, endpoint="media"),)))
    assert (failure.kind, failure.code) == (FailureKind.UNAVAILABLE, "media_gone")
    assert failure.confirm


def test_a_fragment_that_is_not_there_is_known_by_its_request() -> None:
    # What yt-dlp 2026.10 raises when a fragment's retries are used up.
    text = "\r[download] Got error: HTTP Error 404: Not Found"
    request = Cause(status=404, endpoint="media", text="HTTP Error 404: Not Found")
    assert classify(said(text, failed_requests=(request,))).code == "media_gone"
    assert classify(said(text)).code == "unknown"


def test_an_error_of_the_player_closes_no_gate() -> None:
    failure = classify(said("An error occurred. Please try again later."))
    assert failure.kind is FailureKind.TRANSIENT
    hidden = classify(said("An error occurred. Please try again later.", API_429))
    assert hidden.code == "rate_limited"


def test_formats_skipped_for_drm_are_no_reason_of_the_video() -> None:
    # yt-dlp#12563: an experiment with one client.
    warning = "[youtube] A: Some tv client https formats have been skipped as they are DRM protected. "
    assert classify(said(NO_FORMATS, warning)).code == "no_formats"
    assert classify(said("This video is DRM protected")).code == "drm"


def test_confirmed_only_by_a_second_time() -> None:
    assert classify(said("Video unavailable")).confirm
    assert classify(said(NO_FORMATS)).confirm
    assert not classify(said("Private video")).confirm


def test_an_unknown_error_keeps_its_words_but_no_secrets() -> None:
    text = "ERROR: new trouble at https://x.googlevideo.com/a?sig=SECRET; please report this issue"
    failure = classify(said(text))
    assert failure.kind is FailureKind.UNKNOWN
    assert "new trouble" in failure.message
    assert "SECRET" not in failure.message
    assert "please report" not in failure.message


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("77", 77),
        ("0", 0),
        ("Sun, 22 Nov 2026 12:10:00 GMT", 600),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("999999999", MAX_RETRY_AFTER_S),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


def test_the_longest_retry_after_is_kept() -> None:
    answers = (
        Cause(status=429, retry_after="30"),
        Cause(status=429, retry_after="60"),
    )
    failure = classify(said(NO_FORMATS, failed_requests=answers, now=NOW))
    assert failure.retry_after_s == 60


def test_every_code_has_plain_words() -> None:
    for code, meaning in FAILURE_CATALOG.items():
        assert meaning.message.endswith("."), code
        assert code == code.lower()
    assert {rule.code for rule in RULES} <= FAILURE_CATALOG.keys()


@given(text=st.text(), warnings=st.lists(st.text()))
def test_anything_said_gives_a_failure(text: str, warnings: list[str]) -> None:
    failure = classify(said(text, *warnings))
    assert failure.code in FAILURE_CATALOG
    assert failure.message
