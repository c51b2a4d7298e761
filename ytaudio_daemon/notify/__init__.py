"""Tell people and programs what is done, or wrong: at least once, and never in the way.

The ledger's events are the outbox. How far each receiver has been told is kept in the
ledger, so neither a crash nor a receiver that is away loses a word. What delivers is a
process of its own for each receiver (`delivery_process`), so no receiver can hold anything up.

- `receivers`: who is told, from the settings
- `notices`, `wording`, `digest`: what is told, as JSON and in words
- `degraded_state`: whether the daemon is well, without its moods of a minute
- `patience`: when a failed delivery is tried again, and when no more
- `composing`: how news become drafts; `hand`: those that are next; `sender`: the courier
- `queue`: one receiver's, from cursor to answer; `opening`: what it is made of
- `notifications`: all of them together, for the daemon's loop
- `books`: how far each has been told, kept in the ledger
- `trial`: `ytaudio notify test`
"""
