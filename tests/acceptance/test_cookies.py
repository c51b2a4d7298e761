"""A session's own cookies, from the drop to the audio, by a daemon that runs."""

from tests.acceptance.rig import House, ids, links
from tests.youtube import Video, YouTube
from tests.youtube.accounts import cookies_text

SECRET = "SESSIONSECRET"  # an account of nobody


def test_what_is_closed_comes_for_the_session_that_has_cookies_alone(
    home: House, site: YouTube
) -> None:
    video, later, free = ids("COOKIES", 3)
    for closed in (video, later):
        site.add(Video(id=closed, status="members", account=SECRET))
    home.drop("invited", cookies_text(SECRET), "cookies.txt")
    home.wait(lambda: home.session("invited").get("session", {}).get("cookies"))
    home.drop("invited", links([f"{video}", free]))
    home.drop("outside", links([video]))
    home.wait_for_state("invited", video, "completed")
    home.wait_for_state("invited", free, "completed")
    home.wait_for_state("outside", video, "failed")
    used = {v: job["with_cookies"] for v, job in home.jobs("invited").items()}
    assert used == {video: True, free: False}
    assert home.jobs("outside")[video]["error"]["code"] == "members_only"
    assert "yes, given" in home.must("session", "show", "invited")

    site.rotate(SECRET)
    home.drop("invited", links([later]), "more.txt")
    home.wait_for_state("invited", later, "failed")
    failed = home.jobs("invited")[later]
    assert failed["error"]["code"] == "cookies_rotated"
    assert "export" in home.must("show", failed["id"])
    home.wait(lambda: home.session("invited")["session"]["cookies"]["state"])
    assert "YouTube rotated them" in home.must("session", "show", "invited")

    held = [p for p in home.root.rglob("*") if p.is_file() and p.suffix != ".lock"]
    where = [p for p in held if SECRET.encode() in p.read_bytes()]
    uuid = home.session("invited")["session"]["uuid"]
    assert where == [home.root / "state" / "cookies" / uuid / "cookies.txt"]
    home.must("session", "remove-cookies", "invited")
    assert not where[0].exists()
