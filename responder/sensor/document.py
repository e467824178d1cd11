"""What `/api/v1/edge` says: the last samples, and the rankings that are no labels."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from responder.cloudflare.analytics import Listed
from responder.cloudflare.analytics_rows import Window
from responder.sensor.board import Board, Dataset
from responder.sensor.samples import Rate, rate
from responder.sensor.sources import Source, spoofed_share

__all__ = ["edge_document", "ranking"]


def edge_document(board: Board) -> dict[str, object]:
    """Return the board as plain values; what is not complete says so and shows nothing."""
    seen = board.seen
    traffic = board.complete(Dataset.TRAFFIC)
    mitigations = board.complete(Dataset.MITIGATIONS)
    flows = board.complete(Dataset.FLOWS)
    return {
        "window_end": seen.window_end.isoformat() if traffic and seen.window_end else None,
        "datasets": [_dataset(board, name) for name in board.every],
        "prefixes": [
            {
                "prefix": prefix,
                "site": site,
                "traffic": _rates(seen.prefixes.get(prefix, {})) if traffic else None,
                "vectors": _rates(seen.vectors.get(prefix, {})) if mitigations else None,
            }
            for prefix, site in board.scope.prefixes.items()
        ],
        "tops": {
            "sources": _sources(seen.sources) if mitigations else None,
            "destinations": seen.tops.get("destinations", []) if mitigations else None,
            "routers": seen.tops.get("routers", []) if flows else None,
        },
        "spoofed_share": {
            "bits": spoofed_share(seen.sources, by_packets=False),
            "packets": spoofed_share(seen.sources, by_packets=True),
        }
        if mitigations
        else None,
        "geoip": seen.geoip,
    }


def ranking(listed: Listed, dimension: str, window: Window) -> list[dict[str, object]]:
    """Return a ranking by packets."""
    return [{"address": row.word(dimension), **_rate(rate(row, window))} for row in listed.rows]


def _sources(sources: Sequence[Source]) -> list[dict[str, object]]:
    return [
        {
            "address": one.address,
            **_rate(one.rate),
            **asdict(one.place),
            "range": one.special,
            "spoofed": one.spoofed,
        }
        for one in sources
    ]


def _dataset(board: Board, name: Dataset) -> dict[str, object]:
    last = board.sampled.get(name)
    return {
        "dataset": name,
        "complete": board.complete(name),
        "available": name not in board.off,
        "outcome": last.outcome if last else None,
        "detail": last.detail if last else "",
    }


def _rates(rates: Mapping[str, Rate]) -> dict[str, dict[str, float]]:
    return {name: _rate(found) for name, found in rates.items()}


def _rate(found: Rate) -> dict[str, float]:
    return {"bits_per_second": found.bits, "packets_per_second": found.packets}
