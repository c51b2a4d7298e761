"""The arguments of every command: argparse alone, so that `--help` is quick.

`command_table` lists the commands, `parsers` builds their parsers. A module here is
named after its command and has:

- its docstring: the command's description, as `--help` and the man page print it,
- `EXAMPLES`: printed below the help,
- `SUBCOMMANDS`, if it has verbs: each with its arguments and its function, and
  `DEFAULT_VERB`, if none need be given,
- `add_arguments(parser)`: adds the command's own arguments,
- `target(args)`, if needed: which function of `cli.commands` runs the command, as
  "module.function"; without it that is `run` of the module in `command_table`.
"""
