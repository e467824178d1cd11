"""Alertmanager as we meet it: its webhooks, its API, and how to reach both.

Bytes come in and domain values go out. What an alert or a silence means for a target is decided
elsewhere, and nothing here remembers anything from one call to the next.
"""
