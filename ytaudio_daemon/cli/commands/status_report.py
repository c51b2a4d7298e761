"""The report of `status`: from status documents to tables. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ytaudio_daemon.cli.blocks import Block, Facts, Table
from ytaudio_daemon.cli.commands.queue_report import is_anything_unstarted, queue_facts
from ytaudio_daemon.cli.formatting import (
    format_duration,
    format_playing_time,
    format_size,
    local_time,
    local_time_and_distance,
    phase_text,
    pluralize,
)
from ytaudio_daemon.cli.liveness import DaemonLiveness, Document
from ytaudio_daemon.system.artist_title import split_title
from ytaudio_daemon.system.times import parse_rfc3339

#: In the order a job goes through them.
STATES = ("running", "queued", "waiting", "held", "completed", "failed", "cancelled")
BAR_CELLS = 8
#: Collections that the document of a session shows.
MAX_SHOWN = 100


def daemon_report(
    liveness: DaemonLiveness, sessions: Iterable[Document], wall: float, *, bars: bool
) -> list[Block]:
    """Return the report on the daemon.

    Args:
        liveness: Its condition and document.
        sessions: The documents of the sessions to be listed.
        wall: Now, seconds since 1970.
        bars: Draw progress, for a terminal.
    """
    blocks: list[Block] = []
    if liveness.document is not None:
        blocks.append(Facts(list(_daemon_facts(liveness, liveness.document, wall))))
    sessions = list(sessions)
    if sessions:
        blocks.append(_sessions_table(sessions, wall))
    running = [job for document in sessions for job in document["jobs"]]
    running = [job for job in running if job["state"] == "running"]
    if running and liveness.is_up:
        blocks.append(jobs_table(running, wall, bars=bars))
    return blocks


def session_report(
    document: Document,
    wall: float,
    *,
    bars: bool,
    liveness: DaemonLiveness | None = None,
) -> list[Block]:
    """Return the report on a session.

    Args:
        document: The session's.
        wall: Now, seconds since 1970.
        bars: Draw progress, for a terminal.
        liveness: The daemon's condition, for the reasons why no job starts.
    """
    session, counts = document["session"], document["session"]["counts"]
    pairs = [
        ("session", f"{session['state']}, {session['name']} {session['uuid']}"),
        ("jobs", counts_text(counts)),
        ("quota", quota_text(session["quota"], counts["held"])),
    ]
    if liveness is not None and (is_anything_unstarted(counts) or counts["waiting"]):
        pairs += _delay_facts(liveness, wall)
    active = parse_rfc3339(session["last_activity_at"])
    pairs.append(("active", local_time_and_distance(active, wall)))
    if session["expires_at"] is not None:
        expires = parse_rfc3339(session["expires_at"])
        pairs.append(("expires", local_time_and_distance(expires, wall)))
    pairs += _followed(document, wall)
    pairs += [
        ("ignored", f"{entry['file']}: {entry['reason']}")
        for entry in session["ignored"]
    ]
    blocks: list[Block] = [Facts(pairs)]
    if document["jobs"]:
        blocks.append(jobs_table(document["jobs"], wall, bars=bars))
    if document["truncated"]:
        more = "there are more jobs: ytaudio jobs --session " + session["name"]
        blocks.append(Facts([("note", more)]))
    return blocks


def _followed(document: Document, wall: float) -> list[tuple[str, str]]:
    """Return how many lists a session follows, and when it looks at one next."""
    # The document of a daemon of an older version has none of them.
    shown = document.get("collections", [])
    subscriptions = [each["subscription"] for each in shown if each.get("subscription")]
    dues = [each["next_look_at"] for each in subscriptions if each["next_look_at"]]
    if not dues:
        return []
    soonest = local_time_and_distance(parse_rfc3339(min(dues)), wall)
    more = " or more" if len(shown) >= MAX_SHOWN else ""
    lists = f"{pluralize(len(dues), 'list')}{more}"
    return [("follows", f"{lists}, next look at {soonest}")]


def _delay_facts(liveness: DaemonLiveness, wall: float) -> Iterable[tuple[str, str]]:
    """Return the reasons why jobs are not started: no daemon, gates, or the pace."""
    if not liveness.is_up or liveness.document is None:
        return [("daemon", liveness.explanation())]
    return queue_facts(liveness.document, wall)


def jobs_table(jobs: Iterable[Mapping[str, Any]], wall: float, *, bars: bool) -> Table:
    """Return jobs as a table: ID, state, progress, title."""
    rows = [
        (
            job["id"][:8],
            job["state"],
            progress_text(job, wall, bars=bars),
            job_name(job),
        )
        for job in jobs
    ]
    return Table(("JOB", "STATE", "HOW FAR", "WHAT"), rows)


def job_name(job: Mapping[str, Any]) -> str:
    """Return a job's name for people: artist and title, else the link, shortened."""
    if job["title"] is None:
        return f"youtu.be/{job['video_id']}"
    length = f" ({format_playing_time(job['duration_s'])})" if job["duration_s"] else ""
    artist, title = job["artist"], job["title"]
    if not artist or split_title(title, (artist,)):
        return f"{title}{length}"
    return f"{artist} - {title}{length}"


def progress_text(
    job: Mapping[str, Any], wall: float, *, bars: bool = False, place: int | None = None
) -> str:
    """Return a job's progress in a few words, or why it waits.

    Args:
        job: Its document.
        wall: Now, seconds since 1970.
        bars: Draw progress, for a terminal.
        place: Its place among the queued jobs of all sessions, where it is known.
    """
    state = job["state"]
    if state == "running":
        return _running_text(job, bars=bars)
    if state == "waiting" and job["attempt"]["retry_at"]:
        again = parse_rfc3339(job["attempt"]["retry_at"])
        return f"again {local_time_and_distance(again, wall)}: {_error_message(job)}"
    if state == "queued" and job["position"] is not None:
        return _place_text(job["position"], place)
    if state == "held":
        return _held_text(job["position"])
    if state == "completed" and job["file_size_bytes"] is not None:
        return format_size(job["file_size_bytes"])
    return _error_message(job)


def _place_text(position: int, place: int | None) -> str:
    if place is None:
        return f"no. {position:,} of this session"
    return f"no. {place:,} in the queue"


def _held_text(position: int | None) -> str:
    """Return why a held job waits: over the quota, and not at fault."""
    place = "" if position is None else f"no. {position:,}, "
    return f"{place}when an earlier one ends"


def counts_text(counts: Mapping[str, Any]) -> str:
    """Return `2 running, 5 completed`; states without jobs are left out."""
    return ", ".join(f"{counts[s]:,} {s}" for s in STATES if counts.get(s)) or "none"


def quota_text(quota: Mapping[str, Any], held: int = 0) -> str:
    """Return a session's use of its quota, and how many jobs wait for room in it."""
    used = format_size(quota["used_bytes"])
    if quota["max_bytes"]:
        used += f" of {format_size(quota['max_bytes'])}"
    if not quota["max_jobs"]:
        return f"{quota['used_jobs']:,} jobs in the queue (no limit), {used} of audio"
    jobs = f"{quota['used_jobs']:,} of {quota['max_jobs']:,} jobs in the queue"
    waits = "waits" if held == 1 else "wait"
    rest = f" ({held:,} more {waits} for room)" if held else ""
    return f"{jobs}{rest}, {used} of audio"


def options_text(options: Mapping[str, Any]) -> str:
    """Return options as they would be written in a drop."""
    tags = {f"tag.{name}": text for name, text in options.get("tags", {}).items()}
    plain = {name: value for name, value in options.items() if name != "tags"}
    words = {name: value for name, value in (plain | tags).items() if value is not None}
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in words.items())


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def daemon_summary(document: Document) -> str:
    """Return the daemon's state and counts in one line, for --watch in a pipe."""
    return f"daemon {document['daemon']['state']}: {counts_text(document['counts'])}"


def _daemon_facts(
    liveness: DaemonLiveness, document: Document, wall: float
) -> Iterable[tuple[str, str]]:
    daemon = document["daemon"]
    started = local_time_and_distance(parse_rfc3339(daemon["started_at"]), wall)
    state = daemon["state"] if liveness.is_up else liveness.state.value
    yield (
        "daemon",
        f"{state}, started {started}, pid {daemon['pid']} on {daemon['host']}",
    )
    yield "version", f"{daemon['version']}, yt-dlp {_yt_dlp(daemon)}"
    yield "tools", f"{_tool('ffmpeg', daemon)}, {_tool('js_runtime', daemon)}"
    yield "busy", f"{_busy_text(daemon, 'workers')}, {_busy_text(daemon, 'converters')}"
    disk = document["disk"]
    free, reserve = format_size(disk["free_bytes"]), format_size(disk["reserve_bytes"])
    yield "disk", f"{free} free, {reserve} of it are kept free"
    yield "jobs", counts_text(document["counts"])
    sessions = document["sessions"]
    yield "sessions", f"{sessions['active']:,} active, {sessions['expired']:,} expired"
    if liveness.is_up:
        yield from queue_facts(document, wall)
    for problem in document["problems"]:
        yield "problem", problem["message"]
        if problem["hint"]:
            yield "", problem["hint"]


def _yt_dlp(daemon: Mapping[str, Any]) -> str:
    days = daemon["yt_dlp_age_days"]
    age = "" if days is None else f" ({pluralize(days, 'day')} old)"
    return f"{daemon['yt_dlp']}{age}"


def _tool(name: str, daemon: Mapping[str, Any]) -> str:
    found = daemon[name]
    shown_as = name.replace("_", " ")
    if not found:
        return f"no {shown_as}"
    has_name = str(found).startswith(("deno", "node", name))
    return str(found) if has_name else f"{shown_as} {found}"


def _busy_text(daemon: Mapping[str, Any], what: str) -> str:
    return f"{daemon[what]['busy']} of {daemon[what]['max']} {what}"


def _sessions_table(documents: Sequence[Document], wall: float) -> Table:
    rows = []
    for document in documents:
        session = document["session"]
        expires = session["expires_at"]
        when = "-" if expires is None else local_time(parse_rfc3339(expires), wall)
        rows.append(
            (session["state"], when, counts_text(session["counts"]), session["name"])
        )
    return Table(("SESSION", "EXPIRES", "JOBS", "NAME"), rows)


def _running_text(job: Mapping[str, Any], *, bars: bool) -> str:
    progress = job["progress"] or {}
    words = [phase_text(job["phase"] or "starting")]
    percent = progress.get("percent")
    if percent is not None:
        words.append(
            f"{progress_bar(percent)} {percent:3.0f} %" if bars else f"{percent:.0f} %"
        )
    # The speed goes last: it is cut first on a narrow terminal.
    if progress.get("eta_s") is not None:
        words.append(f"{format_duration(progress['eta_s'])} left")
    if progress.get("speed_bps"):
        words.append(f"{format_size(progress['speed_bps'])}/s")
    return " ".join(words)


def progress_bar(percent: float) -> str:
    """Return a percentage as a bar."""
    full = round(min(max(percent, 0.0), 100.0) / 100 * BAR_CELLS)
    return "━" * full + "╌" * (BAR_CELLS - full)


def _error_message(job: Mapping[str, Any]) -> str:
    return str(job["error"]["message"]) if job["error"] else ""
