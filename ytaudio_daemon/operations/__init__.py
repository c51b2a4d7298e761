"""Changes of the ledger that people and programs ask for, one function for each.

CLI, REST API and Python API parse a request, call one of these and word the result.
Results are enumerations and dataclasses. A refusal is an error of `errors`, or part of
the result where callers expect it.

`transaction` opens the write transactions. `links` enqueues; `job_changes`,
`collection_changes`, `subscription_changes` and `session_changes` change what there is;
`relayout` moves the library's files. `prospects` only reads, for previews.
"""
