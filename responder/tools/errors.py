"""Why a tool does not do as asked, by what the one who asked can do about it."""

from responder.errors import ResponderError

__all__ = ["InvalidError", "NotPossibleError", "ToolError", "UnknownError"]


class ToolError(ResponderError):
    """The root: nothing was sent that changes anything."""


class InvalidError(ToolError):
    """What was asked for is wrong in itself; carries every problem at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class UnknownError(ToolError):
    """What it is about is not there."""


class NotPossibleError(ToolError):
    """It is not possible as things are: another one of this name, no account configured."""
