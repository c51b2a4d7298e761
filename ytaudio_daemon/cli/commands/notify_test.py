"""`notify test`: sends each receiver a test notice and prints the answer."""

import socket
import time

from ytaudio_daemon.cli.context import CommandContext
from ytaudio_daemon.cli.exits import Exit
from ytaudio_daemon.cli.privileges import drop_privileges
from ytaudio_daemon.errors import UsageError
from ytaudio_daemon.notify import receivers, test_send
from ytaudio_daemon.notify.notices import NoticeContext


def run(context: CommandContext) -> int:
    """Send the test notices; 1 when one could not be delivered."""
    settings = context.settings.notify
    receivers.require_apprise(settings)
    found = receivers.receivers_of(settings)
    if not found:
        raise UsageError(
            "[notify] names nobody: urls, webhook and command are empty",
            "set one of them; docs/operations.md, Notifications, shows how",
        )
    # The configured command must not run as root because we do.
    drop_privileges(context)
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
    if context.has_system_service:
        context.output.stderr_line(
            "note: this was tried outside of the unit, which may write and reach less: "
            "see operations.md, *What a setting needs of the unit*"
        )
    if context.args.json:
        context.output.json({"schema": "ytaudio.notify-test/1", "receivers": results})
    return Exit.OK if all(result["ok"] for result in results) else Exit.FAILED
