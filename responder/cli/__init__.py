"""The command line: one file for each group of commands.

A command module holds `app`, a typer.Typer with the commands of its group; `main.py` has one line
for each command, and imports no module but that of the command which was asked for. What a command
needs stands at the top of its module as usual; only what `serve` must do without is named in
`main.py`. A command that asks the running service takes an `Asking` and is decorated with `asking`,
which brings the options for it. Commands print what was asked for on stdout and everything else on
stderr, raise ResponderError (exit code 1) or ConfigError (2), and decide nothing themselves.
"""
