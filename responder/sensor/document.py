"""What `/api/v1/edge` says: the last samples, and the rankings that are no labels."""

from collections.abc import Mapping

from responder.cloudflare.analytics import Listed
from responder.cloudflare.analytics_rows import Row, Window
from responder.sensor.board import Board, Dataset
from responder.sensor.samples import Rate, rate
from responder.sensor.scope import Networks, marked

__all__ = ["edge_document", "ranking"]


def edge_document(board: Board) -> dict[str, object]:
    """Return the board as plain values; what is not complete says so and shows nothing."""
    seen = board.seen
    traffic = board.complete(Dataset.TRAFFIC)
    mitigations = board.complete(Dataset.MITIGATIONS)
    shown = {"sources": mitigations, "destinations": mitigations}
    shown["routers"] = board.complete(Dataset.FLOWS)
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
        "tops": {name: seen.tops.get(name, []) if known else None for name, known in shown.items()},
    }


def ranking(
    listed: Listed, dimension: str, window: Window, own: Networks
) -> list[dict[str, object]]:
    """Return a ranking by packets; sources that cannot be real are marked."""
    return [_ranked(row, dimension, window, own) for row in listed.rows]


def _ranked(row: Row, dimension: str, window: Window, own: Networks) -> dict[str, object]:
    address = row.word(dimension)
    told: dict[str, object] = {"address": address, **_rate(rate(row, window))}
    if dimension == "ipSourceAddress":
        told["country"] = row.maybe("sourceCountry")
        told["asn"] = row.maybe("sourceAsn")
        told["mark"] = marked(address, own)
    return told


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
