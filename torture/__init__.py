"""Crash torture: the real daemon, killed at random and at every named step.

Only `daemon`, `entry`, `sabotage` and `zombie` import product code. What is checked
at the end is read with this package's own SQL, hashing and decoding.
"""
