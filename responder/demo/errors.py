"""What can go wrong around a stack."""

from responder.errors import ResponderError

__all__ = ["StackError"]


class StackError(ResponderError):
    """Who started the stack must act: a program is missing, does not start, or stays silent."""
