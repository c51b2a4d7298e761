"""Downloads without a daemon: the Python API, and the core of `ytaudio download`.

It calls the daemon's own parts: the same fetch code in the same pool, the same ledger,
the same `jobs.prepare` and completer. `docs/python.md` shows how it is used; programs
import from `ytaudio_daemon` itself.
"""
