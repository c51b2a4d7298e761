"""The commands: each function gets a `CommandContext` and returns an exit status.

`cli.arguments` names the function of each command; `cli.dispatch` imports its module
when the command runs.
"""
