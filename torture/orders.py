"""What the processes of one life of the daemon are told, by their environment."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

#: The variable. It also marks every process of the run.
VARIABLE = "TORTURE_ORDERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One life's orders.

    Attributes:
        run: Names this run of the torture; nobody else's process carries it.
        folder: Where the step log is.
        life: The number of this life.
        step: Strike at this step; "" = at none.
        nth: At its so-manieth occurrence in this life.
        blow: What to strike; see `torture.blows`.
        sabotage: The defence that is taken away, "" = none.
        daemon: The daemon's pid, once it has one.
        ledger: SQLite's file, for the blow `busy`.
        postgres: The server's data folder, for the blow `postgres`.
    """

    run: str
    folder: str
    life: int = 0
    step: str = ""
    nth: int = 1
    blow: str = ""
    sabotage: str = ""
    daemon: int = 0
    ledger: str = ""
    postgres: str = ""

    def to_environment(self) -> dict[str, str]:
        """Return the variables that carry them."""
        return {VARIABLE: json.dumps(asdict(self))}

    @property
    def step_log(self) -> Path:
        """One line a step passed: when, who, which, about what."""
        return Path(self.folder) / "steps.log"


def orders() -> Orders:
    """Return this process's orders."""
    return Orders(**json.loads(os.environ[VARIABLE]))
