"""Writes the dashboards: what each shows, and how that becomes the JSON that Grafana loads.

One module for each dashboard, and `edge` for a part of one; `panels` knows the panels' JSON,
`dashboard` the rest of it, `looks` the colours. Nothing but the standard library, and nothing of
the responder.
"""
