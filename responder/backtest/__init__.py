"""Replays history through the rule files and the decisions: seen before trusted.

The way: history (a Prometheus, or a recorded folder) -> the rules, evaluated in memory -> when
each alert would have fired -> the same decisions that the service makes, with simulated time -> a
table, JSON or a page. Nothing here writes to anything but the files that it was asked for, and the
running service does not import it.
"""
