"""The agenda: nothing before its time, nothing forgotten."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.views.due_queue import NO_EVENT, DueQueue


def drain(due_queue: DueQueue, uptime_s: float) -> list[int]:
    found = []
    while (number := due_queue.first_due(uptime_s)) is not None:
        due_queue.remove(number)
        found.append(number)
    return found


def test_things_come_in_the_order_they_fall_due() -> None:
    due_queue = DueQueue()
    for number, due in ((1, 3.0), (2, 1.0), (3, 2.0)):
        due_queue.schedule(number, due)
    assert due_queue.earliest_due_at() == 1.0
    assert drain(due_queue, 2.5) == [2, 3]
    assert due_queue.earliest_due_at() == 3.0


def test_a_thing_noted_twice_keeps_its_time_and_its_first_event() -> None:
    due_queue = DueQueue()
    due_queue.schedule(1, 5.0, 9)
    due_queue.schedule(1, 1.0, 7)
    assert due_queue.first_due(4.0) is None
    assert due_queue.earliest_event() == 7
    assert len(due_queue) == 1


def test_postponed_keeps_its_event() -> None:
    due_queue = DueQueue()
    due_queue.schedule(1, 0.0, 7)
    due_queue.postpone(1, 30.0)
    assert (due_queue.earliest_due_at(), due_queue.earliest_event()) == (30.0, 7)
    due_queue.make_all_due()
    assert drain(due_queue, 0.0) == [1]
    assert due_queue.earliest_event() == NO_EVENT


def test_what_is_scheduled_while_an_entry_is_in_work_comes_after_it() -> None:
    due_queue = DueQueue()
    due_queue.schedule(1, 5.0, 7)
    due_queue.begin(1)
    assert due_queue.first_due(9.0) is None
    assert (due_queue.earliest_due_at(), due_queue.earliest_event()) == (-math.inf, 7)
    due_queue.schedule(1, 8.0, 9)
    due_queue.finish(1)
    assert (due_queue.earliest_due_at(), due_queue.earliest_event()) == (8.0, 9)
    assert drain(due_queue, 9.0) == [1]


def test_work_that_is_postponed_keeps_its_first_event() -> None:
    due_queue = DueQueue()
    due_queue.schedule(1, 5.0, 7)
    due_queue.begin(1)
    due_queue.schedule(1, 8.0, 9)
    due_queue.postpone(1, 30.0)
    assert (due_queue.earliest_due_at(), due_queue.earliest_event()) == (30.0, 7)
    assert len(due_queue) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["note", "done", "postpone"]),
            st.integers(0, 3),
            st.integers(0, 9),
        )
    )
)
def test_what_is_noted_and_not_done_comes_exactly_once(
    steps: list[tuple[str, int, int]],
) -> None:
    due_queue, noted = DueQueue(), set()
    for step, number, due in steps:
        if step == "done":
            due_queue.remove(number)
            noted.discard(number)
        else:
            due_queue.schedule(number, due) if step == "note" else due_queue.postpone(
                number, due
            )
            noted.add(number)
    assert sorted(drain(due_queue, 9.0)) == sorted(noted)
    assert due_queue.earliest_due_at() is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["note", "begin", "finish", "remove", "postpone", "all"]),
            st.integers(0, 3),
            st.integers(0, 9),
        )
    )
)
def test_the_earliest_event_is_that_of_all_entries_scheduled_or_begun(
    steps: list[tuple[str, int, int]],
) -> None:
    due_queue = DueQueue()
    scheduled: dict[int, float] = {}
    begun: dict[int, float] = {}
    for step, number, event in steps:
        if step == "note":
            due_queue.schedule(number, 0.0, event)
            scheduled[number] = min(event, scheduled.get(number, NO_EVENT))
        elif step == "begin" and number in scheduled:
            due_queue.begin(number)
            begun[number] = scheduled.pop(number)
        elif step == "finish":
            due_queue.finish(number)
            begun.pop(number, None)
        elif step == "remove":
            due_queue.remove(number)
            scheduled.pop(number, None)
        elif step == "postpone":
            due_queue.postpone(number, 1.0)
            known = begun.pop(number, NO_EVENT), scheduled.get(number, NO_EVENT)
            scheduled[number] = min(known)
        elif step == "all":
            due_queue.make_all_due()
        earliest = min([*scheduled.values(), *begun.values(), NO_EVENT])
        assert due_queue.earliest_event() == earliest
