"""Carry notices to one receiver, in a process of its own.

`launch.Courier` is the side of whoever sends, `child` the process: started by exec when
there is something to say, gone when there is not. It knows no ledger and no settings;
what it is told are plain parcels, which it delivers one after the other, and it answers
what became of each. A courier that fails ends; the next try starts another.
"""
