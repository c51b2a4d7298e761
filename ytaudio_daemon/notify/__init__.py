"""Notifications: delivered at least once, in order, without delaying the daemon.

The ledger's events are the outbox. Each receiver has a cursor in the ledger, the last
event delivered to it, so neither a crash nor an absent receiver loses an event. A
batch of messages is delivered by a process of its own (`delivery`).

- `notifications`: all receivers together, for the daemon's loop
- `receiver_queue`: one receiver, from the cursor to the result; `backoff`: its retries
- `receivers`: the receivers that the settings name
- `notify_event`: events read from the ledger
- `message_builders`: events become messages; `notices` (JSON), `texts`, `digest`
- `health_debounce`: degraded and recovered, believed only after 60 s
- `cursors`: the cursors, saved in the ledger
- `test_send`: `ytaudio notify test`
"""
