"""Durations on the command line."""

import typer

from responder.settings import parse_duration

__all__ = ["duration"]


def duration(text: str) -> str:
    """Return the text if it is a duration such as `30m`; the service reads it itself."""
    try:
        if parse_duration(text):
            return text
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.BadParameter(f"{text} is no time at all; write one such as 30m")
