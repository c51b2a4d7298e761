"""What is remembered of versions, and what pip is told."""

from pathlib import Path

import pytest

from ytaudio_daemon.ytdlp_versions.history import (
    Activation,
    RejectedVersion,
    UpgradeResult,
    VersionHistory,
)
from ytaudio_daemon.ytdlp_versions.pip import (
    available_version,
    error_summary,
    pip_environment,
)

A, B = (
    Activation(version="2026.1.1"),
    Activation(version="2026.2.2", watched=True, at=5.0),
)
REFUSED = RejectedVersion(version="2026.2.2", reason="it is worse", at=6.0)


def test_notes_survive_being_written_down() -> None:
    tried = UpgradeResult(at=1.0, result="upgraded", version="2026.1.1", message="well")
    notes = VersionHistory(activations=(A, B), rejected=(REFUSED,), last_upgrade=tried)
    assert notes.to_json().keys() == {
        "stands",
        "refused",
        "tried",
    }  # older files' names
    assert VersionHistory.from_json(notes.to_json()) == notes
    assert VersionHistory.from_json(VersionHistory().to_json()) == VersionHistory()


def test_going_back_leads_through_all_that_was_used() -> None:
    notes = VersionHistory().with_activation(A).with_activation(B)
    assert notes.previous() == A
    notes = notes.with_rollback(REFUSED)
    assert notes.activations == (A,)
    assert notes.rejection_of("2026.2.2") == REFUSED
    assert notes.previous() == Activation()  # the installed one
    notes = notes.with_rollback(None)
    assert notes.previous() is None
    assert notes.rejection_of("2026.1.1") is None


def test_what_is_gone_back_to_is_not_watched_again() -> None:
    first = Activation(version="2026.1.1", watched=True)
    notes = (
        VersionHistory()
        .with_activation(first)
        .with_activation(B)
        .with_rollback(REFUSED)
    )
    assert notes.activations == (A,)


def test_using_a_refused_version_takes_the_refusal_back() -> None:
    notes = VersionHistory(rejected=(REFUSED,)).with_activation(B)
    assert notes.rejection_of("2026.2.2") is None


def test_what_the_link_says_goes_before_what_was_noted() -> None:
    notes = VersionHistory(activations=(A, B))
    assert notes.activation("2026.2.2") == B
    assert notes.activation("2026.1.1") == A  # killed before the link was changed
    assert notes.rewound_to("2026.1.1").activations == (A,)
    assert notes.rewound_to("2026.9.9").activations == (Activation(version="2026.9.9"),)
    assert notes.rewound_to("").activations == ()
    assert notes.activation("2026.9.9") == Activation(version="2026.9.9")


def test_only_the_pinned_solver_is_taken_from_the_metadata() -> None:
    requires = [
        "certifi>=2026.10.19; extra == 'default'",
        "yt-dlp-ejs==0.8.0; extra == 'default'",
        "yt-dlp-ejs-evil==1; extra == 'default'",
    ]
    offer = available_version("2026.10.26.220202dev", requires)
    assert (offer.version, offer.solver) == (
        "2026.10.26.220202.dev0",
        "yt-dlp-ejs==0.8.0",
    )
    assert (
        available_version("2026.1.1", ["yt-dlp-ejs @ https://evil/x.whl"]).solver == ""
    )
    with pytest.raises(ValueError, match=r"\.\./x"):
        available_version("../x", [])


def test_pip_gets_the_way_to_its_index_and_nothing_else(tmp_path: Path) -> None:
    ours = {
        "PATH": "/bin",
        "HOME": "/nonexistent",
        "PIP_INDEX_URL": "https://mirror/simple",
        "PIP_TARGET": "/elsewhere",
        "PIP_NO_BINARY": ":all:",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/ca.pem",
        "PYTHONPATH": "/evil",
        "YTAUDIO_DATABASE_URL": "postgresql://u:secret@h/d",
    }
    assert pip_environment(ours, tmp_path) == {
        "PATH": "/bin",
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "https://mirror/simple",
        "PIP_USER": "0",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/ca.pem",
    }


def test_what_pip_said_is_short_and_without_passwords() -> None:
    told = "WARNING: x\nERROR: cannot reach https://me:word@mirror/simple\n"
    assert error_summary(told) == "cannot reach https://***@mirror/simple"
    many = "ERROR: versions: " + "1.0, " * 999 + "\nERROR: No matching distribution\n"
    assert error_summary(many) == "No matching distribution"
    assert error_summary("") == "it does not say why"
