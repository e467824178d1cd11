"""History for a Prometheus that is not started yet: one block of its database, written in seconds.

The recorded past of ten thousand instances is a hundred million samples: too many to replay, and to
import as text. Series of one kind here have the same samples, and refer to the same bytes; to read
them costs Prometheus what it always costs, a sample at a time.

The format is that of Prometheus' documents (tsdb/docs/format): index version 2, chunks version 1.
"""

import json
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

__all__ = ["Kind", "write_block"]

_SAMPLES_PER_CHUNK = 120
_ULID = "01BENCHH1ST0RY000000000000"
_XOR = b"\x01"


@dataclass(frozen=True, slots=True)
class Kind:
    """Series that have the same samples, at a steady pace."""

    labels: Sequence[Mapping[str, str]]
    """Of each series, with its `__name__`."""
    start: int
    """Moment of the first sample, in milliseconds since 1970."""
    step: int
    """Milliseconds from one sample to the next."""
    values: Sequence[float]


def write_block(folder: Path, kinds: Iterable[Kind]) -> None:
    """Write the block into the folder of a database."""
    block = folder / _ULID
    (block / "chunks").mkdir(parents=True)
    segment = bytearray(struct.pack(">IB3x", 0x85BD40DD, 1))
    series: list[_Series] = []
    for kind in kinds:
        chunks = _written_chunks(kind, segment)
        series += [_Series(tuple(sorted(labels.items())), chunks) for labels in kind.labels]
    series.sort(key=lambda one: one.labels)
    (block / "chunks/000001").write_bytes(segment)
    (block / "index").write_bytes(_index(series))
    times = [moment for one in series for chunk in one.chunks for moment in chunk[:2]]
    meta = {
        "ulid": _ULID,
        "minTime": min(times),
        "maxTime": max(times) + 1,
        "stats": {"numSeries": len(series), "numChunks": sum(len(one.chunks) for one in series)},
        "compaction": {"level": 1, "sources": [_ULID]},
        "version": 1,
    }
    (block / "meta.json").write_text(json.dumps(meta))


@dataclass(frozen=True, slots=True)
class _Series:
    labels: tuple[tuple[str, str], ...]
    chunks: Sequence[tuple[int, int, int]]
    """First and last moment, and where in the segment it is."""


def _written_chunks(kind: Kind, segment: bytearray) -> list[tuple[int, int, int]]:
    chunks = []
    for first in range(0, len(kind.values), _SAMPLES_PER_CHUNK):
        values = kind.values[first : first + _SAMPLES_PER_CHUNK]
        start = kind.start + first * kind.step
        content = _XOR + _xor_chunk(start, kind.step, values)
        chunks.append((start, start + (len(values) - 1) * kind.step, len(segment)))
        segment += _uvarint(len(content) - 1) + content + _checksum(content)
    return chunks


def _xor_chunk(start: int, step: int, values: Sequence[float]) -> bytes:
    """Encode samples as differences of bits; at a steady pace a moment is a single 0."""
    words = [int.from_bytes(struct.pack(">d", value)) for value in values]
    bits = [f"{words[0]:064b}"]
    window = (64, 64)
    for number, (before, word) in enumerate(pairwise(words)):
        bits += [f"{byte:08b}" for byte in _uvarint(step)] if number == 0 else ["0"]
        text, window = _difference(before ^ word, window)
        bits.append(text)
    joined = "".join(bits)
    joined += "0" * (-len(joined) % 8)
    body = int(joined, 2).to_bytes(len(joined) // 8)
    return struct.pack(">H", len(values)) + _varint(start) + body


def _difference(xor: int, window: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    """Return the bits of a value's difference, and the window of bits that the next may reuse."""
    if xor == 0:
        return "0", window
    leading = min(64 - xor.bit_length(), 31)
    trailing = (xor & -xor).bit_length() - 1
    if leading >= window[0] and trailing >= window[1]:
        length = 64 - sum(window)
        return f"10{xor >> window[1]:0{length}b}", window
    length = 64 - leading - trailing
    return f"11{leading:05b}{length & 63:06b}{xor >> trailing:0{length}b}", (leading, trailing)


def _index(series: Sequence[_Series]) -> bytes:
    index = bytearray(struct.pack(">IB", 0xBAAAD700, 2))
    words = sorted({"", *(word for one in series for pair in one.labels for word in pair)})
    symbols = {word: number for number, word in enumerate(words)}
    symbols_at = len(index)
    index += _section(_count(len(words)) + b"".join(map(_text, words)))
    index += bytes(-len(index) % 16)
    series_at = len(index)
    postings: dict[tuple[str, str], list[int]] = defaultdict(list)
    tails: dict[int, bytes] = {}
    for one in series:
        reference = len(index) // 16
        for pair in (("", ""), *one.labels):
            postings[pair].append(reference)
        index += _entry(one, symbols, tails)
        index += bytes(-len(index) % 16)
    postings_at, table = len(index), [_count(len(postings))]
    for (name, value), references in sorted(postings.items()):
        table.append(b"\x02" + _text(name) + _text(value) + _uvarint(len(index)))
        packed = struct.pack(f">{len(references)}I", *references)
        index += _section(_count(len(references)) + packed)
    table_at = len(index)
    index += _section(b"".join(table))
    contents = struct.pack(">6Q", symbols_at, series_at, postings_at, 0, postings_at, table_at)
    return bytes(index + contents + _checksum(contents))


def _entry(one: _Series, symbols: Mapping[str, int], tails: dict[int, bytes]) -> bytes:
    """Return the entry of a series; what it says of its chunks is made once for all that share."""
    tail = tails.setdefault(id(one.chunks), b"") or _chunk_list(one.chunks)
    tails[id(one.chunks)] = tail
    content = b"".join(
        [
            _uvarint(len(one.labels)),
            *(_uvarint(symbols[word]) for pair in one.labels for word in pair),
            tail,
        ]
    )
    return _uvarint(len(content)) + content + _checksum(content)


def _chunk_list(chunks: Sequence[tuple[int, int, int]]) -> bytes:
    first, last, at = chunks[0]
    parts = [_uvarint(len(chunks)), _varint(first), _uvarint(last - first), _uvarint(at)]
    for (_, last, before), (first, end, at) in pairwise(chunks):
        parts += [_uvarint(first - last), _uvarint(end - first), _varint(at - before)]
    return b"".join(parts)


def _section(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content + _checksum(content)


def _count(number: int) -> bytes:
    return struct.pack(">I", number)


def _text(text: str) -> bytes:
    return _uvarint(len(text.encode())) + text.encode()


def _uvarint(number: int) -> bytes:
    parts = bytearray()
    while number >> 7:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _varint(number: int) -> bytes:
    return _uvarint(number * 2 if number >= 0 else -number * 2 - 1)


def _castagnoli(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CASTAGNOLI = [_castagnoli(byte) for byte in range(256)]


def _checksum(content: bytes) -> bytes:
    """Return the CRC-32C, which the standard library does not have."""
    crc, table = 0xFFFFFFFF, _CASTAGNOLI
    for byte in content:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return struct.pack(">I", crc ^ 0xFFFFFFFF)
