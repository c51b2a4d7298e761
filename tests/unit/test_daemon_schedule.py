"""The loop's due times: nothing due is forgotten, nothing that must wait is spun on."""

from ytaudio_daemon.daemon.schedule import (
    HEARTBEAT_S,
    HEARTBEAT_SLACK_S,
    STEP_RETRY_S,
    Schedule,
    Step,
)

NOW = 1000.0


def waits(schedule: Schedule, *, draining: bool = False, room: bool = True) -> float:
    due = [
        *schedule.own_due_times(is_draining=draining, has_room=room),
        ("views", NOW + 500),
    ]
    return schedule.seconds_to_next(due, NOW)


def quiet() -> Schedule:
    """Return a schedule with nothing due before the next heartbeat."""
    schedule = Schedule()
    for step in Step:
        schedule.done(step)
    schedule.heartbeat_done(NOW)
    return schedule


def test_a_start_looks_at_jobs_and_sessions_at_once() -> None:
    schedule = Schedule()
    due = {step for step in Step if schedule.is_due(step, NOW)}
    work = {Step.CLAIMS, Step.COLLECTIONS, Step.RETRIES, Step.SUBSCRIPTIONS}
    assert due == {Step.HEARTBEAT, *work, Step.SWEEP}
    assert waits(schedule) == 0


def test_an_idle_daemon_sleeps_until_its_heartbeat() -> None:
    assert waits(quiet()) == HEARTBEAT_S


def test_a_heartbeat_comes_early_when_the_daemon_is_awake_anyway() -> None:
    schedule = quiet()
    early = NOW + HEARTBEAT_S - HEARTBEAT_SLACK_S
    assert schedule.is_due(Step.HEARTBEAT, early)
    assert not schedule.is_due(Step.HEARTBEAT, early - 1)


def test_a_time_behind_the_next_heartbeat_is_left_to_it() -> None:
    schedule = quiet()
    schedule.due_in(Step.RETRIES, HEARTBEAT_S + 1, NOW)
    assert not schedule.is_due(Step.RETRIES, NOW + 1e9)
    schedule.due_in(Step.RETRIES, 5, NOW)
    assert waits(schedule) == 5


def test_without_room_a_claim_that_is_due_wakes_nobody() -> None:
    schedule = quiet()
    schedule.due_now(Step.CLAIMS)
    assert waits(schedule) == 0
    assert waits(schedule, room=False) == HEARTBEAT_S


def test_a_draining_daemon_does_not_wait_for_what_it_no_longer_does() -> None:
    schedule = quiet()
    schedule.due_now(Step.CLAIMS, Step.RETRIES, Step.TEMPLATE, Step.SWEEP)
    assert waits(schedule, draining=True) == HEARTBEAT_S
    schedule.due_now(Step.CANCEL)
    assert waits(schedule, draining=True) == 0


def test_a_failed_step_that_is_due_is_waited_for_and_not_spun_on() -> None:
    schedule = quiet()
    schedule.due_now(Step.SWEEP)
    schedule.postpone("sweep", NOW)
    schedule.postpone("views", NOW)
    assert schedule.is_postponed("sweep", NOW)
    assert waits(schedule) == STEP_RETRY_S
    assert not schedule.is_postponed("sweep", NOW + STEP_RETRY_S)
    schedule.succeeded("sweep")
    assert waits(schedule) == 0
    schedule.done(Step.SWEEP)
    schedule.forget_failures()
    assert waits(schedule) == HEARTBEAT_S


def test_a_ledger_out_of_reach_is_looked_at_with_the_next_try() -> None:
    schedule = quiet()
    schedule.heartbeat_after_retry(NOW)
    assert schedule.is_due(Step.HEARTBEAT, NOW + STEP_RETRY_S)
    assert not schedule.is_due(Step.HEARTBEAT, NOW)
