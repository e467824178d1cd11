"""The operator's own routers, as a hook reaches them: one signed request, one answer.

Who is told what and when is decided elsewhere; nothing here knows prefixes or policies.
"""
