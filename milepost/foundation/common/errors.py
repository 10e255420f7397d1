"""What a rule of the community's answers when something may not be done."""

from __future__ import annotations


class DomainError(Exception):
    """A rule refused. Knows no HTTP; interfaces choose how to show it.

    `message` says what happened, `hint` what to do next; both are shown to people as they are.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class NotAllowed(DomainError):
    """The person may not do this; asking again will not help."""


class Conflict(DomainError):
    """Someone else changed it meanwhile, or it was done already."""
