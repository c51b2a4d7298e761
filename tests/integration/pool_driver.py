"""A daemon stripped to its pool, to be killed: python -m tests.integration.pool_driver.

Arguments: state ID, folder. Prints the template's pid once a worker has a child.
"""

import select
import sys
import time
from pathlib import Path

from tests.integration.pool_rig import HERE, request
from ytaudio_daemon.pool import Ended, Event, Pool, Progressed


def main(state_id: str, folder: Path) -> None:
    pool = Pool(
        downloads=2,
        converters=1,
        state_id=state_id,
        home=folder / "home",
        ytdlp_path=HERE,
        entry="pool_entry",
    )
    pool.start(request("a", "grandchild", folder))
    pool.start(request("b", "stop", folder))
    loop(pool, Progressed)
    assert pool.template_facts is not None
    print(pool.template_facts.pid, flush=True)  # noqa: T201 - for the test
    loop(pool, Ended)


def loop(pool: Pool, kind: type[Event]) -> None:
    while not any(isinstance(event, kind) for event in step(pool)):
        pass


def step(pool: Pool) -> list[Event]:
    due = pool.next_due(time.monotonic())
    nap = None if due is None else max(0.0, due - time.monotonic())
    select.select([pool], [], [], nap)
    return pool.poll(time.monotonic())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
