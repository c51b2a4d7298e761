"""The REST API: reads and writes the ledger, downloads nothing.

A job that is posted here is a job like any other: a short transaction records it in the
ledger and wakes the daemon, which runs it. `docs/api.md` is for the API's users.
"""
