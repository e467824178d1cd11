"""The service's doors: webhooks in, metrics, health, the API and the page out.

Everything is asked of one `Automation`; nothing here decides, remembers, or calls anybody. Who may
come in is settled before a path is looked up, and every answer but the page and the metrics is
JSON, errors as `{"error": reason}`.
"""
