"""Delivers messages to one receiver in a process of its own, one process a batch.

`launcher` is the parent's side: it starts the process by exec, with the target and the
messages on standard input, and reads a JSON line for each message from its standard
output. `process` is the child: it delivers one message after the other and exits, at
the latest after the first that fails. It knows no ledger and no settings.
"""
