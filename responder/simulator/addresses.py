"""Which addresses are this machine's own."""

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(address: str) -> bool:
    """Tell whether this is an address of the loopback interface; a name is none."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
