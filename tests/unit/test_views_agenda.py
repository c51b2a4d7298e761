"""The agenda: nothing before its time, nothing forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from ytaudio_daemon.views.due_queue import NO_EVENT, Agenda


def drain(agenda: Agenda, lived: float) -> list[int]:
    found = []
    while (number := agenda.next_due(lived)) is not None:
        agenda.done(number)
        found.append(number)
    return found


def test_things_come_in_the_order_they_fall_due() -> None:
    agenda = Agenda()
    for number, due in ((1, 3.0), (2, 1.0), (3, 2.0)):
        agenda.note(number, due)
    assert agenda.soonest() == 1.0
    assert drain(agenda, 2.5) == [2, 3]
    assert agenda.soonest() == 3.0


def test_a_thing_noted_twice_keeps_its_time_and_its_first_event() -> None:
    agenda = Agenda()
    agenda.note(1, 5.0, 9)
    agenda.note(1, 1.0, 7)
    assert agenda.next_due(4.0) is None
    assert agenda.first_event() == 7
    assert len(agenda) == 1


def test_postponed_keeps_its_event() -> None:
    agenda = Agenda()
    agenda.note(1, 0.0, 7)
    agenda.postpone(1, 30.0)
    assert (agenda.soonest(), agenda.first_event()) == (30.0, 7)
    agenda.hurry()
    assert drain(agenda, 0.0) == [1]
    assert agenda.first_event() == NO_EVENT


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
    agenda, noted = Agenda(), set()
    for step, number, due in steps:
        if step == "done":
            agenda.done(number)
            noted.discard(number)
        else:
            agenda.note(number, due) if step == "note" else agenda.postpone(number, due)
            noted.add(number)
    assert sorted(drain(agenda, 9.0)) == sorted(noted)
    assert agenda.soonest() is None
