"""`python -m torture.daemon …`: the command `ytaudio`, with an observer installed."""

import os
import sys
from collections.abc import Mapping

from torture import orders, sabotage
from torture.observer import install
from torture.plan import PAUSES, TRUST_S
from ytaudio_daemon.cli import main
from ytaudio_daemon.daemon import start
from ytaudio_daemon.model import gates, outage
from ytaudio_daemon.pool import template_process
from ytaudio_daemon.pool.pool import Pool

#: Sessions are swept this often, in seconds, so that a short run sees some expire.
SWEEP_INTERVAL_S = 2


def prepare() -> None:
    """Observe this process and, through a template's entry of our own, its workers."""
    told = install(as_daemon=True)
    sabotage.apply(told.sabotage)
    start.SWEEP_INTERVAL_S = SWEEP_INTERVAL_S
    for name, pauses in PAUSES.items():
        gates.PAUSES[gates.GateName(name)] = pauses
    outage.FIRST_TRUST_S = TRUST_S
    defaults = Pool.__init__.__kwdefaults__ or {}
    Pool.__init__.__kwdefaults__ = defaults | {"entry": "torture.entry"}
    plain = template_process.template_environment

    def with_orders(
        template_config: template_process.TemplateConfig,
        template_id: str,
        base_env: Mapping[str, str],
    ) -> dict[str, str]:
        more = {orders.VARIABLE: os.environ[orders.VARIABLE]}
        return plain(template_config, template_id, base_env) | more

    template_process.template_environment = with_orders


if __name__ == "__main__":
    prepare()
    sys.exit(main())
