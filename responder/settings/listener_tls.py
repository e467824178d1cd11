"""The listener's certificate: from its files to what TLS needs, or to what is wrong with them."""

import ssl
from collections.abc import Callable
from pathlib import Path

from responder.errors import ConfigError

__all__ = ["listener_context"]

_MISMATCH = "KEY_VALUES_MISMATCH"


def listener_context(cert: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """Return what a listener shows, and whom it lets in; raises ConfigError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    pair = f"cert_file {cert} with key_file {key}"
    _loaded(lambda: context.load_cert_chain(cert, key, password=_no_password), pair)
    if client_ca is not None:
        _loaded(lambda: context.load_verify_locations(client_ca), f"client_ca_file {client_ca}")
        context.verify_mode = ssl.CERT_REQUIRED
        # A resumed session shows no certificate again, and TLS 1.2 cannot be kept from resuming:
        # whose authority was taken out of the file would still come in.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
    return context


def _no_password() -> str:
    """Answer instead of the terminal, which nobody may be looking at."""
    raise ConfigError(["the key is encrypted; store it without a password, for us alone to read"])


def _loaded(load: Callable[[], None], what: str) -> None:
    try:
        load()
    except ConfigError as error:
        raise ConfigError([f"{what}: {error}"]) from None
    except ssl.SSLError as error:
        if error.reason == _MISMATCH:
            why = "the key belongs to another certificate; give the pair"
        else:
            reason = (error.reason or "no PEM").replace("_", " ").lower()
            why = f"cannot be used ({reason}); write PEM"
        raise ConfigError([f"{what}: {why}"]) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigError([f"{what}: cannot be read ({why})"]) from None
