"""What we can switch on and off again: one file for each mitigation, one line in the registry.

A mitigation translates `read`, `engage` and `release` into a provider's calls and keeps its own
options beside them. When to switch, and whether at all, is decided elsewhere.
"""
