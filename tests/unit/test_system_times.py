"""Times as text, as documents, receipts and file names have them."""

from ytaudio_daemon.system.times import file_timestamp, parse_rfc3339, rfc3339, utc_time

WALL = 1_800_000_000.25


def test_a_time_for_programs_is_rfc_3339_in_utc() -> None:
    assert rfc3339(WALL) == "2027-01-15T08:00:00.250Z"
    assert rfc3339(WALL, "seconds") == "2027-01-15T08:00:00Z"
    assert rfc3339(None) is None
    assert parse_rfc3339(rfc3339(WALL)) == WALL


def test_a_time_for_people_and_for_file_names() -> None:
    assert utc_time(WALL) == "2027-01-15 08:00:00 UTC"
    assert file_timestamp(WALL) == "20270115T080000Z"
