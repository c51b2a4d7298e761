"""Jobs: claimed, prepared, run, finished, and rescued after a crash.

The straight path: `runner` claims a job, `prepare` makes its attempt ready, the pool
runs it, `completer` publishes the result (`publisher`) or does what `model.decide` says
about the failure. `rescuer` picks up what a crash left.
"""
