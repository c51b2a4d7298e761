"""A dict of bounded size."""

from ytaudio_daemon.system.recent_dict import RecentDict


def test_what_was_set_longest_ago_is_forgotten() -> None:
    recent = RecentDict[str, int](2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        recent[key] = value
    assert dict(recent) == {"a": 3, "c": 4}
