"""Downloads at once, without a daemon: the Python API and the core of `download`.

Thin faces on what the daemon is made of: the same fetch code in the same pool, the
same ledger, the same settling of results. `docs/python.md` shows how it is used;
programs import from `ytaudio_daemon` itself.
"""
