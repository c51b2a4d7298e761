"""Fuzzing: `python -m fuzz TARGET [--minutes N] [--seed S]`; TARGETs: see `targets`.

Inputs are mutated from `fuzz/corpus/TARGET/`. What breaks a target is written there as
`found-<hash>`, and `tests/unit/test_fuzz_corpus.py` replays it from then on.
"""
