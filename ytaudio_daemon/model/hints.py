"""Builds the hint beside a failure: what a person can do, what the daemon does. Pure.

A failure carries a remedy: what a person can do, and nothing else. What the daemon does
by itself depends on the job's state: a waiting job is tried again, a failed one is not.
`hint` joins the two, for every view (status files, receipts, `show`, API, notices).
"""

import re
from dataclasses import dataclass

from ytaudio_daemon.model.gates import GATE_OF, Gate
from ytaudio_daemon.model.job import JobState
from ytaudio_daemon.model.outcome import FailureKind
from ytaudio_daemon.model.ytdlp_policy import UPGRADE_COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The config's part in a hint: what is set need not be set.

    Attributes:
        cookies, proxy, ca_file: Whether `[download]` has `cookies_file`, `proxy`, `ca_file`.
        has_session: Whether there is a session's folder, into which cookies can be dropped.
    """

    cookies: bool = False
    proxy: bool = False
    ca_file: bool = False
    has_session: bool = True


#: For a view that has no config.
NOTHING_SET = Circumstances()

#: Codes of videos that some accounts may see.
ACCOUNT_CODES = frozenset(
    {
        "age_restricted",
        "members_only",
        "paid",
        "private_video",
        "sign_in_required",
        "wrong_video",
    }
)
#: Codes that a newer yt-dlp may mend.
YTDLP_CODES = frozenset(
    {
        "challenge_unsolved",
        "engine_outdated",
        "no_formats",
        "not_understood",
        "sabr_only",
        "unknown",
    }
)

#: Codes that wait uncharged, but not without a person.
PERSON_CODES = frozenset({"pot_provider_failed", "pot_required"})
#: What older ledgers store for `ACCOUNT_CODES`; anything else knows the cookies better.
_GENERAL_ADVICE = ("Set [download] cookies_file", "Videos that must be paid for")

_SET_COOKIES = (
    "Set [download] cookies_file to the cookies of an account that may see it"
)
_OR_DROP_COOKIES = ", or drop them as cookies.txt into the session's folder"
_OTHER_COOKIES = (
    "Its account may not see it: put the cookies of one that may into "
    "[download] cookies_file."
)
_SET_PROXY = "Set [download] proxy to one in a country that may see it."
_OTHER_PROXY = (
    "Its proxy may not see it: set [download] proxy to one in another country."
)
_SET_CA_FILE = (
    "Behind an inspecting proxy set [download] ca_file to its CA bundle; otherwise check "
    "the computer's clock and CA certificates."
)
_OTHER_CA_FILE = (
    "Check that [download] ca_file holds the CA of whoever answers, and the clock."
)
_NEWER_YTDLP = f"A newer yt-dlp may help: {UPGRADE_COMMAND} looks for one."
_SLOWER = "lower [pace] per_hour"
_SLOWER_OR_COOKIES = f"{_SLOWER} or set [download] cookies_file"

_K = FailureKind
_AGAIN = "it is tried again by itself"
#: What the daemon does with a job that is not finalized, by the failure's kind.
_BY_ITSELF = {
    _K.BLOCKED: "downloads continue by themselves after a pause",
    _K.NOT_YET: "it is looked at again by itself, and fetched once it can be",
    _K.UNAVAILABLE: "it is asked for once more by itself before it counts as failed",
    _K.POLICY: "it is asked for once more by itself before it counts as failed",
}
#: For a failed job without a remedy, where another try has a chance.
_RETRY_LATER = {
    _K.BLOCKED: "Retry it in some hours.",
    _K.NOT_YET: "Retry it once YouTube has it.",
    _K.UNAVAILABLE: "",
    _K.POLICY: "",
}
#: Kinds about which a person can do nothing.
_PASSES_BY_ITSELF = frozenset({_K.BLOCKED, _K.NOT_YET})
#: Kinds whose jobs wait until a person has done something.
_WAITS_FOR_PERSON = frozenset({_K.HOST, _K.OFFLINE})


def hint(
    *,
    kind: str,
    code: str,
    remedy: str,
    state: JobState,
    circumstances: Circumstances = NOTHING_SET,
) -> str:
    """Return what to say beside a failure, or "" when there is nothing to say.

    Args:
        kind: A `FailureKind`, or "cancelled" of a session that expired.
        code: The failure's code.
        remedy: The failure's own, as it is stored; rows of older ledgers also say there
            what the daemon does.
        state: The job's.
        circumstances: From the config.
    """
    if kind not in list(FailureKind):
        return remedy if state is JobState.CANCELLED else ""
    if state in {JobState.COMPLETED, JobState.CANCELLED}:
        return ""
    act = _remedy(FailureKind(kind), code, remedy, circumstances)
    slower = _slower(remedy, circumstances)
    if state is JobState.FAILED:
        return _of_failed(FailureKind(kind), act, slower)
    if state is JobState.RUNNING:
        return _of_running(act)
    if code in PERSON_CODES or kind in _WAITS_FOR_PERSON:
        act = act or "`ytaudio doctor` says more."
        return f"{act.rstrip('.')}; it continues by itself then."
    return _of_unfinished(FailureKind(kind), act, slower)


def gate_hint(gate: Gate, circumstances: Circumstances = NOTHING_SET) -> str:
    """Return the hint beside a closed gate: its jobs wait."""
    kind = next((kind for kind, name in GATE_OF.items() if name is gate.name), None)
    if kind is None:
        return gate.hint
    return hint(
        kind=kind,
        code=gate.code,
        remedy=gate.hint,
        state=JobState.WAITING,
        circumstances=circumstances,
    )


def _remedy(
    kind: FailureKind, code: str, stored: str, circumstances: Circumstances
) -> str:
    """Return what a person can do, as whole sentences, or ""."""
    if kind in _PASSES_BY_ITSELF and code not in PERSON_CODES:
        return ""
    if code in ACCOUNT_CODES and not _is_own(stored):
        return _OTHER_COOKIES if circumstances.cookies else _set_cookies(circumstances)
    if code in YTDLP_CODES:
        return _NEWER_YTDLP
    if code == "geo_blocked":
        return _OTHER_PROXY if circumstances.proxy else _SET_PROXY
    if code == "certificate":
        return _OTHER_CA_FILE if circumstances.ca_file else _SET_CA_FILE
    return _sentences(stored)


def _set_cookies(circumstances: Circumstances) -> str:
    drop = _OR_DROP_COOKIES if circumstances.has_session else ""
    return f"{_SET_COOKIES}{drop}."


def _of_failed(kind: FailureKind, act: str, slower: str) -> str:
    if kind is FailureKind.BLOCKED:
        return f"{_RETRY_LATER[kind]} If it keeps happening, {slower}."
    if not act:
        return _RETRY_LATER.get(kind, "It may work later: retry it then.")
    return (
        act if re.search(r"\bretry\b", act, re.IGNORECASE) else f"{act} Then retry it."
    )


def _of_running(act: str) -> str:
    if act:
        return f"It is being tried again. If that fails, too: {act}"
    return "Nothing to do: it is being tried again."


def _of_unfinished(kind: FailureKind, act: str, slower: str) -> str:
    first = f"Nothing to do: {_BY_ITSELF.get(kind, _AGAIN)}."
    if kind is FailureKind.BLOCKED:
        return f"{first} If it keeps happening, {slower}."
    return f"{first} If it stays so: {act}" if act else first


def _slower(stored: str, circumstances: Circumstances) -> str:
    """Return the advice against further blocks.

    A stored remedy that does not name cookies shows that some were set already.
    """
    has_cookies = circumstances.cookies or (stored and "cookies_file" not in stored)
    return _SLOWER if has_cookies else _SLOWER_OR_COOKIES


def _is_own(stored: str) -> bool:
    return bool(stored) and not stored.startswith(_GENERAL_ADVICE)


def _sentences(stored: str) -> str:
    """Return a stored remedy without what the daemon does by itself, in whole sentences."""
    sentences = re.split(r"(?<=\.)\s+", stored.strip())
    return " ".join(filter(None, map(_person_part, sentences)))


def _person_part(sentence: str) -> str:
    parts = [
        part
        for part in sentence.rstrip(".").split("; ")
        if not re.search(r"by (itself|themselves)|^nothing to do", part, re.IGNORECASE)
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
