"""Lists in pages, with `page` and `per_page` in the query and their echo in `result_info`."""

from collections.abc import Sequence
from typing import TypeVar

from starlette.datastructures import QueryParams

from responder.simulator.auth import Caller

__all__ = ["page_of"]

_Item = TypeVar("_Item")


def page_of(
    items: Sequence[_Item], query: QueryParams, caller: Caller, *, sizes: range, size: int
) -> tuple[Sequence[_Item], dict[str, int]]:
    """Cut out the page asked for, and describe it.

    `sizes` are those allowed and `size` the usual one. What Cloudflare does out of range is
    assumed to be a 400.
    """
    try:
        page, per_page = int(query.get("page", "1")), int(query.get("per_page", str(size)))
    except ValueError:
        page, per_page = 0, 0
    if page < 1 or per_page not in sizes:
        raise caller.error(400, 1003, "Invalid value for page or per_page")
    shown = items[(page - 1) * per_page : page * per_page]
    info = {
        "page": page,
        "per_page": per_page,
        "count": len(shown),
        "total_count": len(items),
        "total_pages": -(-len(items) // per_page),
    }
    return shown, info
