"""Floods, backlogs and endless bodies against the real daemon: what it takes to bear them.

`python -m soak` starts `ytaudio run` as a process of its own, a case at a time, puts
more on it than anybody should, watches its memory and its answers from outside, and
counts at the end whether everything is accounted for.
"""
