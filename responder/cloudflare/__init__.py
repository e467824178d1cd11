"""Cloudflare's API: one thin client, and one module for each family of calls.

The only room that knows Cloudflare's addresses, fields and error codes. Whatever goes wrong
leaves it as a ProviderError; nothing here retries, waits, or decides whether a call is wise.
"""
