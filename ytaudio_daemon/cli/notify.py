"""Try whom [notify] names: people, a webhook, a command.

The daemon need not run. Each receiver gets one test notice, in the way it gets the real
ones, and what it answered is said.
"""

import argparse
import socket
import time

from ytaudio_daemon.cli.commands import add_json
from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.ledger_access import drop_privileges
from ytaudio_daemon.errors import UsageError

EXAMPLES = """\
examples:
  ytaudio notify test
  YTAUDIO_NOTIFY_URLS=ntfy://my-topic ytaudio notify test
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's parser."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    words = "send a test notice to each receiver, and say what it answered"
    test = verbs.add_parser("test", help=words, description=f"{words}.")
    add_json(test, "{schema, receivers: [{receiver, ok, said}…]}")


def run(context: CommandContext) -> int:
    """Try every receiver; 1 when one of them could not be told."""
    from ytaudio_daemon.notify import receivers, test_send  # noqa: PLC0415 - 200 ms
    from ytaudio_daemon.notify.notices import NoticeContext  # noqa: PLC0415 - as above

    settings = context.settings.notify
    receivers.require_apprise(settings)
    found = receivers.receivers_of(settings)
    if not found:
        raise UsageError(
            "[notify] names nobody: urls, webhook and command are empty",
            "set one of them; docs/operations.md, Notifications, shows how",
        )
    drop_privileges(context)  # a command must not run as root because we do
    notice_context = NoticeContext(host=socket.gethostname())
    results: list[dict[str, object]] = []
    for receiver, answer in test_send.send_test_notices(
        found, notice_context, time.time()
    ):
        if not context.args.json:
            word = "ok" if answer.ok else "failed"
            context.output.labelled_line(word, f"{receiver.name}: {answer.said}")
            context.output.flush()
        results.append(
            {"receiver": receiver.name, "ok": answer.ok, "said": answer.said}
        )
    if context.start_command().startswith("sudo systemctl"):
        context.output.stderr_line(
            "note: this was tried outside of the unit, which may write and reach less: "
            "see operations.md, *What a setting needs of the unit*"
        )
    if context.args.json:
        context.output.json({"schema": "ytaudio.notify-test/1", "receivers": results})
    return Exit.OK if all(result["ok"] for result in results) else Exit.FAILED
