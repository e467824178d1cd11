"""Signatures by which a receiver knows that a call is ours, fresh, and unchanged.

They follow Standard Webhooks 1.0.0 (https://www.standardwebhooks.com, spec/standard-webhooks.md,
"Signature scheme" and "Webhook headers"), symmetric scheme `v1`: HMAC-SHA256, in base64, over
`{webhook-id}.{webhook-timestamp}.{body}`. Its libraries verify them in many languages.
"""

import base64
import binascii
import hashlib
import hmac

__all__ = ["key_of", "signed_headers"]

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key, by the specification."""

_ADVICE = "make one with: echo whsec_$(openssl rand -base64 32)"


def key_of(secret: str) -> bytes:
    """Return the key that a secret such as `whsec_...` holds; ValueError never repeats it."""
    text = secret.strip()
    if not text.startswith(_PREFIX):
        raise ValueError(f"is no signing secret, which begins with {_PREFIX}; {_ADVICE}")
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"is no base64 after {_PREFIX}; {_ADVICE}") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(
            f"holds {len(key)} bytes, and must hold {_SHORTEST} to {_LONGEST}; {_ADVICE}"
        )
    return key


def signed_headers(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a call; `timestamp` is that of this try, in seconds since 1970."""
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
