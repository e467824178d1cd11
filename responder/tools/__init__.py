"""What operators do at Cloudflare through the running service, beside the mitigations.

Every write goes through the `Desk`: checked before the call, written in the audit trail before and
after it, and read back before anybody is told that it is done. Nothing here runs by itself.
"""
