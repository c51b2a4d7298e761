"""Jobs: claimed, prepared, run, finished, and rescued after a crash.

The straight path: `runner` claims a job, `prepare` makes its attempt ready, the pool
runs it, `completer` publishes the result (`publisher`) or carries out the decision of
`model.decide` about the failure. `rescuer` finishes the jobs that a crash interrupted.
"""
