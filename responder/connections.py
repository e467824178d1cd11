"""From the settings to what opens a connection: who we say we are, and whom we trust."""

import ssl

from responder.alertmanager.access import Access, basic, bearer
from responder.cloudflare.credentials import Credential, Key, Token
from responder.settings.sections import Cloudflare, HttpAuth

__all__ = ["access", "credential"]


def access(http: HttpAuth) -> Access:
    """Return how Alertmanager or Prometheus are reached."""
    authorization = None
    if http.bearer_token_file is not None:
        authorization = bearer(http.bearer_token_file.value)
    elif http.username is not None and http.password_file is not None:
        authorization = basic(http.username, http.password_file.value)
    trust: ssl.SSLContext | bool = True
    if http.ca_file is not None:
        trust = ssl.create_default_context(cafile=str(http.ca_file))
    return Access(authorization, trust)


def credential(section: Cloudflare) -> Credential:
    """Return who we are to Cloudflare."""
    if section.token is not None:
        return Token(section.token.value)
    if section.email is None or section.key is None:
        raise AssertionError("the settings check lets no configuration pass without a credential")
    return Key(section.email, section.key.value)
