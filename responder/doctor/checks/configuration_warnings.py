"""What the configuration allows itself and should not."""

from collections.abc import Sequence

from responder.doctor.context import Context
from responder.doctor.finding import Finding, ok, warning

__all__ = ["judge", "look"]


async def look(context: Context) -> Sequence[Finding]:
    """Repeat what `config check` warns of."""
    return judge(context.settings.warnings)


def judge(warnings: Sequence[str]) -> list[Finding]:
    """Judge the warnings of the settings."""
    if not warnings:
        return [ok("the configuration is complete, and nothing in it is unwise")]
    advice = "correct it there, or leave it knowingly; docs/configuration.md says what it is for"
    return [warning(text, advice) for text in warnings]
