"""Delivery processes: real ones, real receivers, and whatever goes wrong there."""

import gzip
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.receiver import Receiver, pause, serving
from ytaudio_daemon.notify.delivery import command, launcher, webhook
from ytaudio_daemon.notify.delivery.apprise_channel import MAX_BODY_BYTES
from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess, DeliveryTarget
from ytaudio_daemon.notify.delivery.redact import redacted, secrets_of
from ytaudio_daemon.notify.delivery.result import DeliveryResult

NOTICE = {"event": "completed", "message": "Finished: naïve “song” \udcff"}
MESSAGE = {"title": "1 finished", "body": "Finished: Song", "type": "success"}
PATIENCE_S = 30.0
#: Results about a receiver that hangs come no later than this, in seconds.
SOON_S = 10.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as server:
        yield server


def told(task: DeliveryTarget, *messages: dict[str, Any]) -> list[DeliveryResult]:
    """Return the results of a batch; its process is gone afterwards."""
    process = DeliveryProcess(task, messages, time.monotonic(), "test-state")
    return results_of(process)


def told_once(task: DeliveryTarget, message: dict[str, Any]) -> DeliveryResult:
    (result,) = told(task, message)
    return result


def results_of(process: DeliveryProcess) -> list[DeliveryResult]:
    """Wait for the end of a process."""
    results: list[DeliveryResult] = []

    def has_ended() -> bool:
        results.extend(process.poll(time.monotonic()))
        return process.has_ended

    wait_for(has_ended)
    return results


def web(address: str, timeout_s: float = 60.0) -> DeliveryTarget:
    return DeliveryTarget(method="webhook", address=(address,), timeout_s=timeout_s)


def shell(script: str, timeout_s: float = 60.0) -> DeliveryTarget:
    words = ("/bin/sh", "-c", script)
    return DeliveryTarget(method="command", address=words, timeout_s=timeout_s)


def people(address: str, timeout_s: float = 60.0) -> DeliveryTarget:
    return DeliveryTarget(method="people", address=(address,), timeout_s=timeout_s)


# Webhooks.


def test_a_webhook_gets_json_and_its_user_s_name(receiver: Receiver) -> None:
    answer = told_once(web(receiver.address), NOTICE)
    assert answer == DeliveryResult(ok=True, said="answered 200 OK")
    assert receiver.got == [NOTICE]
    path, headers = receiver.requests[0]
    assert path == "/hush-path?key=hush-key"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic bWU6aHVzaC13b3Jk"  # me:hush-word
    assert "Expect" not in headers


def test_a_batch_is_delivered_one_after_the_other(receiver: Receiver) -> None:
    results = told(web(receiver.address), *[{"n": n} for n in range(20)])
    assert [notice["n"] for notice in receiver.got] == list(range(20))
    assert receiver.most_at_once == 1
    assert [result.ok for result in results] == [True] * 20


def test_the_first_failure_ends_a_batch(receiver: Receiver) -> None:
    receiver.statuses = [200, 200, 500]
    results = told(web(receiver.address), *[{"n": n} for n in range(5)])
    assert [result.ok for result in results] == [True, True, False]
    assert len(receiver.requests) == 3


def test_what_a_killed_process_had_delivered_is_known(tmp_path: Path) -> None:
    """Only the message under way is repeated."""
    log = tmp_path / "log"
    script = f"echo $PPID >>{log}; test $(wc -l <{log}) -lt 3 || exec sleep 300"
    process = DeliveryProcess(shell(script), [{}] * 9, time.monotonic(), "test-state")
    wait_for(lambda: log.exists() and len(log.read_text().split()) == 3)
    os.kill(process._process.pid, signal.SIGKILL)
    results = results_of(process)
    assert [result.ok for result in results] == [True, True, False]
    assert results[-1].said == "the delivery process ended without an answer"


def test_a_batch_of_slow_messages_is_cut_short(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New messages, such as "degraded", need not wait for 200 slow ones."""
    cut_short = "import ytaudio_daemon.notify.delivery.process as p; p.BATCH_S = 0"
    code = launcher._BOOTSTRAP.replace("os._exit", f"{cut_short}\nos._exit")
    monkeypatch.setattr(launcher, "_BOOTSTRAP", code)
    assert [result.ok for result in told(web(receiver.address), *[{}] * 5)] == [True]


@pytest.mark.parametrize(
    ("status", "refuses"),
    [(500, False), (503, False), (404, False), (401, False), (302, False), (400, True),
     (413, True), (422, True)],
)  # fmt: skip
def test_an_answer_other_than_2xx_is_a_failure(
    receiver: Receiver, status: int, *, refuses: bool
) -> None:
    receiver.statuses = [status]
    receiver.headers = {"Location": "http://127.0.0.1:9/hush"}
    answer = told_once(web(receiver.address), NOTICE)
    assert not answer.ok
    assert f"answered {status}" in answer.said
    assert answer.is_rejection == refuses
    assert len(receiver.requests) == 1  # a redirect is not followed


def test_retry_after_is_listened_to(receiver: Receiver) -> None:
    receiver.statuses = [429]
    receiver.headers = {"Retry-After": "7"}
    assert told_once(web(receiver.address), NOTICE).retry_after_s == 7
    assert webhook.result_of(503, "", "99999999").retry_after_s == 3600
    assert (
        webhook.result_of(503, "", "Wed, 21 Oct 2026 07:28:00 GMT").retry_after_s
        is None
    )


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_a_receiver_that_hangs_is_hung_up_on(receiver: Receiver, how: str) -> None:
    setattr(receiver, how, True)
    began = time.monotonic()
    answer = told_once(web(receiver.address, timeout_s=0.3), NOTICE)
    assert not answer.ok
    assert not answer.is_rejection
    assert answer.said == "did not answer within 0.3 s"
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    "address",
    [
        "http://me:hush-word@127.0.0.1:9/hush-path",
        "https://me:hush-word@127.0.0.1:{port}/hush-path",
        "http://hush-host.invalid/hush-path",
        "http://hush\udcffhost/hush-path",
        "http://127.0.0.1:{port}/hush path",
    ],
)
def test_what_cannot_be_reached_says_why_without_secrets(
    receiver: Receiver, address: str
) -> None:
    answer = told_once(web(address.format(port=receiver.port)), NOTICE)
    assert not answer.ok
    assert answer.said
    assert "hush" not in answer.said


def test_what_a_library_prints_is_no_result(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = (
        "import ytaudio_daemon.notify.delivery.webhook as w; f = w.deliver\n"
        "w.deliver = lambda *words: (print('{}', flush=True), f(*words))[1]"
    )
    code = launcher._BOOTSTRAP.replace("os._exit", f"{noisy}\nos._exit")
    monkeypatch.setattr(launcher, "_BOOTSTRAP", code)
    assert told_once(web(receiver.address), NOTICE).said == "answered 200 OK"


@pytest.mark.parametrize("line", ["{}", "[1]", "{", '{"ok": true, "more": 1}'])
def test_an_unreadable_result_is_a_failure(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    code = f"import os, sys; sys.stdin.read(); print({line!r})"
    monkeypatch.setattr(launcher, "_BOOTSTRAP", code)
    answer = told_once(web(receiver.address), NOTICE)
    assert answer.said == "the delivery process ended without an answer"


# Commands.


def test_a_command_gets_json_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    answer = told_once(shell(f"cat > {out}"), NOTICE)
    assert answer == DeliveryResult(ok=True, said="ended with status 0")
    assert json.loads(out.read_text()) == NOTICE


def test_a_command_need_not_read() -> None:
    big = {"message": "x" * 60_000}
    assert told_once(shell("exit 0"), big).ok


def test_a_command_gets_no_shell_and_a_clean_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YTAUDIO_DATABASE_URL", "postgresql://me:hush@host/db")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/hush")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")
    out = tmp_path / "environment"
    script = f"import os, sys; open({str(out)!r}, 'w').write(repr(sys.argv[1:] + list(os.environ)))"
    argv = (sys.executable, "-c", script, "$HOME", "; touch hush")
    assert told_once(
        DeliveryTarget(method="command", address=argv, timeout_s=10), NOTICE
    ).ok
    text = out.read_text()
    assert "'$HOME', '; touch hush', " in text
    assert "'PATH'" in text
    assert "'LC_TIME'" in text
    for name in ("YTAUDIO_DATABASE_URL", "NOTIFY_SOCKET", "AWS_SECRET_ACCESS_KEY"):
        assert name not in text


@pytest.mark.parametrize(
    ("script", "refuses", "said"),
    [
        ("echo first; echo no such room >&2; exit 3", True, "status 3: no such room"),
        ("exit 75", False, "ended with status 75"),
        ("kill -9 $$", True, "was killed by signal 9"),
        ("printf '\\033[31mred\\n'; exit 1", True, "status 1: [31mred"),
    ],
)
def test_a_command_s_end_is_judged(script: str, said: str, *, refuses: bool) -> None:
    answer = told_once(shell(script), NOTICE)
    assert not answer.ok
    assert answer.is_rejection == refuses
    assert said in answer.said


def test_a_command_that_is_not_there_is_tried_again_later() -> None:
    task = DeliveryTarget(
        method="command", address=("/nonexistent/hook", "x"), timeout_s=5
    )
    answer = told_once(task, NOTICE)
    assert not answer.ok
    assert not answer.is_rejection
    assert "cannot be started: No such file" in answer.said


def test_a_command_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = (
        f"sleep 300 & echo $! >>{pids}; setsid sleep 300 & echo $! >>{pids};"
        f" echo $$ >>{pids}; exec sleep 300"
    )
    answer = told_once(shell(script, timeout_s=4), NOTICE)
    assert answer.said == "was ended after 4 s"
    found = [int(word) for word in pids.read_text().split()]
    assert len(found) == 3
    assert [pid for pid in found if is_alive(pid)] == []


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"yes & echo $! >>{pids}; (setsid sleep 300 & echo $! >>{pids}); exit 0"
    began = time.monotonic()
    assert told_once(shell(script), NOTICE).ok
    assert time.monotonic() - began < SOON_S  # its full pipe does not hold us up
    found = [int(word) for word in pids.read_text().split()]
    assert len(found) == 2
    assert [pid for pid in found if is_alive(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_with_its_delivery_process(tmp_path: Path, number: int) -> None:
    pids = tmp_path / "pids"
    process = DeliveryProcess(
        shell(f"echo $$ >{pids}; exec sleep 300", 60),
        [NOTICE],
        time.monotonic(),
        "test-state",
    )
    wait_for(lambda: pids.exists() and pids.read_text().strip())
    os.kill(process._process.pid, number)
    results_of(process)
    wait_for(lambda: not is_alive(int(pids.read_text())))


def test_a_killed_parent_takes_its_delivery_processes_along(tmp_path: Path) -> None:
    """What the kernel does when the daemon is killed, without a daemon."""
    pids = tmp_path / "pids"
    code = (
        "import os, select, sys\n"
        "from ytaudio_daemon.notify.delivery.launcher import DeliveryProcess, DeliveryTarget\n"
        f"script = 'echo $$ $PPID >{pids}; exec sleep 300'\n"
        "task = DeliveryTarget(method='command', address=('/bin/sh', '-c', script), timeout_s=99)\n"
        "process = DeliveryProcess(task, [{}], 0.0)\n"
        "select.select([process], [], [])\n"
    )
    import subprocess  # noqa: PLC0415 - the only test that needs it

    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        parent.kill()
    for pid in pids.read_text().split():
        wait_for(lambda pid=int(pid): not is_alive(pid))


def wait_for(condition: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        pause()


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


# People.


def test_people_are_told_through_apprise(receiver: Receiver) -> None:
    answer = told_once(people(receiver.apprise), MESSAGE)
    assert answer == DeliveryResult(ok=True, said="delivered")
    (got,) = receiver.got
    assert got["title"] == "1 finished"
    assert got["message"] == "Finished: Song"
    assert got["type"] == "success"


def test_why_people_could_not_be_told(receiver: Receiver) -> None:
    receiver.statuses = [500]
    answer = told_once(people(receiver.apprise), MESSAGE)
    assert not answer.ok
    assert "500" in answer.said
    assert "hush" not in answer.said


def test_a_receiver_of_people_leads_to_no_other_host(receiver: Receiver) -> None:
    """As an inner address would be, for a receiver outside."""
    with serving() as inner:
        receiver.redirect_to(f"http://localhost:{inner.port}/latest/meta-data")
        answer = told_once(people(receiver.apprise), MESSAGE)
    assert not answer.ok
    assert inner.requests == []
    assert len(receiver.requests) == 1


def test_a_receiver_of_people_may_move_on_its_own_host(receiver: Receiver) -> None:
    receiver.redirect_to("/elsewhere")
    assert told_once(people(receiver.apprise), MESSAGE).ok
    assert [path for path, _ in receiver.requests][1:] == ["/elsewhere"]


def test_a_receiver_of_people_cannot_fill_the_memory(receiver: Receiver) -> None:
    receiver.body = gzip.compress(b" " * (MAX_BODY_BYTES + 1))
    receiver.headers = {"Content-Encoding": "gzip"}
    assert not told_once(people(receiver.apprise), MESSAGE).ok
    receiver.body = gzip.compress(b" " * (1 << 20))
    assert told_once(people(receiver.apprise), MESSAGE).ok


def test_an_address_that_apprise_does_not_know() -> None:
    answer = told_once(people("nonsense://hush-word"), MESSAGE)
    assert not answer.ok
    assert answer.said.startswith("Apprise cannot use this address")


# What is said of them.


def test_secrets_are_taken_out_whole_in_part_and_decoded() -> None:
    secrets = secrets_of(["tgram://123:a%20hush%2Fword@host/room?k=hush"])
    for text in (
        "error at tgram://123:a%20hush%2Fword@host/room?k=hush",
        "user 'a hush/word' refused",
        "no /room",
        "k: hush",
    ):
        assert "hush" not in redacted(text, secrets)
        assert "room" not in redacted(text, secrets)


def test_a_command_s_arguments_are_secrets_but_words_are_words() -> None:
    secrets = secrets_of(["--token=hush", "a hush", "send"])
    assert redacted("hush sends --token=hush: a hush", secrets) == "*** ***s ***: ***"
    assert redacted("no such room", secrets_of(["-c", "no"])) == "no such room"


def test_what_is_said_fits_a_line() -> None:
    assert redacted("a\nb\x1b[31m\x00c", ()) == "a b [31m c"
    assert len(redacted("x" * 5000, ())) == 200


def test_the_environment_is_a_list_of_what_is_allowed() -> None:
    ours = {"PATH": "/bin", "HOME": "/home/me", "HUSH": "1", "PYTHONPATH": "/x"}
    kept = launcher.delivery_environment(ours, "state", "me")
    assert kept == {
        "PATH": "/bin",
        "HOME": "/home/me",
        "YTAUDIO_STATE_ID": "state",
        "YTAUDIO_DELIVERY_ID": "me",
    }


def test_a_command_s_end_in_words() -> None:
    assert command.result_of(0, "").ok
    assert command.result_of(2, "no").said == "ended with status 2: no"
