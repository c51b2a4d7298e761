"""What people and programs change in the ledger: one function each, for all faces.

CLI, REST API and Python API parse a request, call one of these and word the result.
Results are enumerations and dataclasses; what is refused is raised as an error of
`errors`, or returned where it is an ordinary answer.

`transaction` opens the write transactions, `links` enqueues, `job_changes` cancels and
retries, `session_changes` creates, limits, touches and expires.
"""
