"""The pure core: values and functions that decide; stdlib only, and RE2, which does no more.

No IO, no clock, no log, no randomness and no async lives here. `now` is an argument, and not
acting is a value (`Hold`) that carries its reason.
"""
