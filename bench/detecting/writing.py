"""Samples as Prometheus takes them by remote write: protobuf, in a frame of snappy.

Both by hand, because nothing else here needs a library for them: the messages have four fields, and
snappy allows to store instead of to compress.
"""

import struct
from collections.abc import Iterable, Mapping

__all__ = ["request", "series"]


_SEVEN = 0x7F


def request(written: Iterable[bytes]) -> bytes:
    """Return the body that carries the series."""
    plain = b"".join(_field(1, one) for one in written)
    if not plain:
        return _number(0)
    return _number(len(plain)) + b"\xfc" + struct.pack("<I", len(plain) - 1) + plain


def series(name: str, labels: Mapping[str, str], points: Iterable[tuple[int, float]]) -> bytes:
    """Return one series with its points (epoch seconds and values)."""
    named = sorted({"__name__": name, **labels}.items())
    samples = (
        b"\x09" + struct.pack("<d", value) + b"\x10" + _number(1000 * at) for at, value in points
    )
    return b"".join(_label(key, value) for key, value in named) + b"".join(
        _field(2, sample) for sample in samples
    )


def _label(key: str, value: str) -> bytes:
    return _field(1, _field(1, key.encode()) + _field(2, value.encode()))


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """Return a whole number in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > _SEVEN:
        groups.append(value & _SEVEN | ~_SEVEN & 0xFF)
        value >>= 7
    groups.append(value)
    return bytes(groups)
