"""Attempts: claim, start, decide, publish, finish.

The straight path: `fill` claims jobs and starts workers; the pool says how they ended;
`settle` publishes a result or does what `model.decide` says about a failure; `recover`
picks up what a crash left.
"""

from ytaudio_daemon.jobs.runner import JobRunner

__all__ = ["JobRunner"]
