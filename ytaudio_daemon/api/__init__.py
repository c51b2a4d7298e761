"""The REST API: a thin face of the ledger. Nothing here downloads anything.

A job that is posted here is a job like any other: it is recorded in the ledger in a short
transaction, the daemon is woken, and runs it. `docs/api.md` is for those who call it.
"""
