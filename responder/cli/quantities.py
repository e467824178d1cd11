"""Large numbers on the command line: `2G` is 2,000,000,000."""

import math

import typer

__all__ = ["quantity", "shown_quantity"]

_FACTORS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def quantity(text: str) -> float:
    """Read a number such as `500k`, `2.5G` or `1000`."""
    factor = _FACTORS.get(text[-1:], 1)
    try:
        number = float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 1:
        raise typer.BadParameter(f"{text!r} is no number of at least 1; write one such as 2G")
    return number


def shown_quantity(number: float) -> str:
    """Return a number with the greatest factor that leaves it whole, and a space behind it."""
    for name, factor in reversed(_FACTORS.items()):
        if number >= factor and not number * 100 % factor:
            return f"{number / factor:g} {name}"
    return f"{number:g} "
