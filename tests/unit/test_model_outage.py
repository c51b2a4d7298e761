"""When failures are suspected to be an outage, and what a round of probes says."""

from dataclasses import replace

import pytest

from ytaudio_daemon.fetch.failure_catalog import FAILURE_CATALOG, failure_for
from ytaudio_daemon.model import Failure, FailureKind
from ytaudio_daemon.model.outage import (
    FIRST_TRUST_S,
    MAX_UNDECIDED_ROUNDS,
    MIN_VIDEOS,
    MIN_VIDEOS_OF_ONE_CHANNEL,
    WINDOW_S,
    AttemptEnd,
    Outage,
    OutageState,
    ProbeVerdict,
    after_failing_round,
    after_suspicion,
    failure_signature,
    round_verdict,
    suspect,
)

WALL = 1_800_000_000.0
RELOAD = failure_for("no_answer")
PRIVATE = failure_for("private_video")
FAILS, WORKS, UNDECIDED = ProbeVerdict.FAILS, ProbeVerdict.WORKS, ProbeVerdict.UNDECIDED


def ends(
    *failures: Failure | None, channel: str | None = None, until: float = WALL
) -> list[AttemptEnd]:
    """Return ends a second apart, the newest first, each of a video of its own."""
    return [
        AttemptEnd(
            video_id=f"v{age}",
            signature=None if failure is None else failure_signature(failure),
            channel=channel,
            ended_at=until - age,
            message=failure.message if failure else "",
        )
        for age, failure in enumerate(failures)
    ]


def suspected(failure: Failure = RELOAD) -> Outage:
    found = suspect(ends(*[failure] * MIN_VIDEOS), None, WALL)
    assert found is not None
    return found


def test_a_few_videos_that_fail_alike_are_suspected_whatever_the_code() -> None:
    for code in ("no_answer", "media_refused", "drm", "private_video", "unknown"):
        found = suspected(failure_for(code))
        assert found.state is OutageState.SUSPECTED
        assert found.began_at == WALL - MIN_VIDEOS + 1
        assert found.message == failure_for(code).message


def test_one_video_less_is_not() -> None:
    assert suspect(ends(*[RELOAD] * (MIN_VIDEOS - 1)), None, WALL) is None


def test_one_video_that_fails_again_and_again_is_not() -> None:
    again = [replace(end, video_id="v") for end in ends(*[RELOAD] * 20)]
    assert suspect(again, None, WALL) is None


def test_a_success_in_between_clears_them() -> None:
    recent = ends(RELOAD, RELOAD, None, RELOAD, RELOAD, RELOAD)
    assert suspect(recent, None, WALL) is None


def test_other_failures_in_between_do_not() -> None:
    recent = ends(RELOAD, PRIVATE, RELOAD, failure_for("disk_full"), RELOAD, RELOAD)
    assert suspect(recent, None, WALL)


def test_one_channel_needs_more_videos() -> None:
    assert not suspect(ends(*[RELOAD] * MIN_VIDEOS, channel="c"), None, WALL)
    assert suspect(ends(*[RELOAD] * MIN_VIDEOS_OF_ONE_CHANNEL, channel="c"), None, WALL)
    two = ends(RELOAD, RELOAD, channel="c") + ends(RELOAD, RELOAD, channel="d")
    two = [replace(end, video_id=f"v{n}") for n, end in enumerate(two)]
    assert suspect(two, None, WALL)


def test_what_lies_a_day_back_is_not_in_a_row() -> None:
    old = ends(*[RELOAD] * 10, until=WALL - WINDOW_S)
    assert suspect(ends(RELOAD) + old, None, WALL) is None


@pytest.mark.parametrize(
    "code", ["disk_full", "no_route", "bot_check", "too_long", "live_now", "cut_short"]
)
def test_faults_of_our_own_or_with_a_gate_are_none(code: str) -> None:
    assert failure_signature(failure_for(code)) == ""
    assert suspect(ends(*[failure_for(code)] * 30), None, WALL) is None


def test_unknown_texts_are_alike_but_for_what_differs_from_video_to_video() -> None:
    texts = [
        '[youtube] dQw4w9WgXcQ: Item 17 of "Song" is pending, see https://a.b/c?d=1',
        '[youtube] jNQXAC9IVRw: Item 18 of "Air" is pending, see https://a.b/c?d=2',
    ]
    one, other = (failure_signature(failure_for("unknown", text)) for text in texts)
    assert one == other
    assert failure_signature(failure_for("unknown", "Something else")) != one


def test_renamed_codes_count_as_what_they_were() -> None:
    renamed = Failure(kind=FailureKind.OUTDATED, code="engine_outdated", message="Old.")
    assert failure_signature(renamed) == failure_signature(failure_for("no_formats"))


def test_every_code_has_a_signature_of_one_line() -> None:
    for code in FAILURE_CATALOG:
        assert "\n" not in failure_signature(failure_for(code, "a\nb"))


@pytest.mark.parametrize(
    ("first", "probes", "has_more", "verdict"),
    [
        (RELOAD, [None], True, WORKS),
        (RELOAD, [RELOAD], True, FAILS),
        # It has worked and now fails for a technical reason, if for another.
        (RELOAD, [failure_for("media_refused")], True, FAILS),
        # A known video may have been made private meanwhile.
        (RELOAD, [PRIVATE], True, None),
        (RELOAD, [PRIVATE, RELOAD], True, FAILS),
        (RELOAD, [PRIVATE], False, UNDECIDED),
        (RELOAD, [failure_for("no_route")], True, UNDECIDED),
        (RELOAD, [failure_for("bot_check")], True, UNDECIDED),
        (PRIVATE, [PRIVATE], True, None),
        (PRIVATE, [PRIVATE, None], True, WORKS),
        # The last may be of another channel, country or age than the first.
        (PRIVATE, [PRIVATE, PRIVATE], True, None),
        (PRIVATE, [PRIVATE, PRIVATE, None], False, WORKS),
        (PRIVATE, [PRIVATE, PRIVATE], False, FAILS),
        (PRIVATE, [PRIVATE, failure_for("no_route")], False, UNDECIDED),
        (PRIVATE, [PRIVATE], False, FAILS),
        (PRIVATE, [RELOAD], True, None),
        (PRIVATE, [RELOAD], False, UNDECIDED),
    ],
)
def test_the_verdict_of_a_round(
    first: Failure,
    probes: list[Failure | None],
    has_more: bool,  # noqa: FBT001 - a column of the table
    verdict: ProbeVerdict | None,
) -> None:
    assert round_verdict(suspected(first), probes, has_more=has_more) is verdict


def test_while_the_probe_is_awaited_nothing_is_started_but_not_for_ever() -> None:
    outage = suspected()
    assert outage.is_probe_due(WALL)
    assert outage.holds_claims(WALL + 1)
    assert not outage.holds_claims(WALL + 600)
    assert not outage.holds_claims(WALL - 600), "the clock went back"


def test_a_probe_that_fails_confirms() -> None:
    found = after_suspicion(suspected(), FAILS, WALL + 3)
    assert (found.state, found.changed_at) == (OutageState.CONFIRMED, WALL + 3)
    assert suspect(ends(*[PRIVATE] * 9), found, WALL + 9) is None, "one at a time"


def test_a_refuted_suspicion_is_not_roused_again_at_once() -> None:
    found = after_suspicion(suspected(PRIVATE), WORKS, WALL)
    assert (found.state, found.is_probe_due(WALL + 9)) == (OutageState.REFUTED, False)
    soon, later = WALL + 60, WALL + FIRST_TRUST_S + 1
    assert suspect(ends(*[PRIVATE] * 30, until=soon), found, soon) is None
    assert suspect(ends(*[RELOAD] * MIN_VIDEOS, until=soon), found, soon)
    again = suspect(ends(*[PRIVATE] * 30, until=later), found, later)
    assert again is not None
    second = after_suspicion(again, WORKS, later)
    assert second.probe_at - later == 2 * FIRST_TRUST_S


def test_failures_before_the_refutation_stand() -> None:
    found = after_suspicion(suspected(PRIVATE), WORKS, WALL)
    later = WALL + FIRST_TRUST_S + 1
    old_and_new = ends(PRIVATE, until=later) + ends(*[PRIVATE] * 9)
    assert suspect(old_and_new, found, later) is None


def test_probes_that_decide_nothing_end_the_suspicion_in_time() -> None:
    outage = suspected()
    for round_ in range(1, MAX_UNDECIDED_ROUNDS):
        outage = after_suspicion(outage, UNDECIDED, WALL)
        assert (outage.state, outage.rounds) == (OutageState.SUSPECTED, round_)
        assert not outage.is_probe_due(WALL)
        assert outage.is_probe_due(outage.probe_at)
    assert after_suspicion(outage, UNDECIDED, WALL).state is OutageState.REFUTED


DRM = failure_for("drm")


def confirmed(failure: Failure = RELOAD) -> Outage:
    found = after_suspicion(suspected(failure), FAILS, WALL)
    return replace(found, is_settled=True)


@pytest.mark.parametrize(
    ("first", "probes", "is_gate_sure"),
    [
        (RELOAD, [PRIVATE, PRIVATE], True),
        (RELOAD, [PRIVATE], False),  # it may be private meanwhile
        (RELOAD, [PRIVATE, DRM], False),
        (PRIVATE, [RELOAD], True),
        (PRIVATE, [DRM, DRM], True),
    ],
)
def test_an_outage_lasts_with_another_text(
    first: Failure,
    probes: list[Failure | None],
    is_gate_sure: bool,  # noqa: FBT001 - a column of the table
) -> None:
    verdict = round_verdict(confirmed(first), probes, has_more=False)
    assert verdict is (FAILS if is_gate_sure else UNDECIDED)
    changed = after_failing_round(confirmed(first), probes)
    if not is_gate_sure:
        assert changed == confirmed(first)
        return
    now = probes[0]
    assert now is not None
    assert changed.signature == failure_signature(now)
    assert changed.message == now.message
    assert not changed.is_settled, "those that failed so are settled, too"
    assert changed.began_at == confirmed(first).began_at


def test_a_failure_of_the_same_kind_changes_the_text_alone() -> None:
    changed = after_failing_round(confirmed(), [failure_for("media_refused")])
    assert changed.message == failure_for("media_refused").message
    assert changed.is_settled


def test_technical_failures_are_alike_whatever_they_say() -> None:
    texts = [failure_for("unknown", text) for text in ("Oops abc", "Hm def")]
    found = suspect(ends(RELOAD, *texts, failure_for("sabr_only")), None, WALL)
    assert found
    assert found.is_alike(failure_for("server_error"))
    assert not found.is_alike(PRIVATE)
    assert not suspect(ends(PRIVATE, DRM, PRIVATE, DRM), None, WALL)


def test_it_began_before_a_download_ended_that_went_through_it() -> None:
    failed = ends(*[RELOAD] * 6)
    song = AttemptEnd(
        video_id="long",
        signature=None,
        channel=None,
        began_at=WALL - 60,
        ended_at=WALL - 3.5,
    )
    found = suspect([*failed[:4], song, *failed[4:]], None, WALL)
    assert found
    assert found.began_at == failed[-1].ended_at


def test_when_the_trust_is_over_what_failed_meanwhile_is_looked_at_once() -> None:
    refuted = after_suspicion(suspected(PRIVATE), WORKS, WALL)
    assert not refuted.must_be_suspected_again(WALL + FIRST_TRUST_S - 1)
    assert refuted.must_be_suspected_again(WALL + FIRST_TRUST_S)
    seen = replace(refuted, is_settled=True)
    assert not seen.must_be_suspected_again(WALL + FIRST_TRUST_S)
    assert not confirmed().must_be_suspected_again(WALL + FIRST_TRUST_S)
