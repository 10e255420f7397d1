"""What is wrong with a rule, each with the place where it stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from milepost.foundation.common.errors import DomainError


@dataclass(frozen=True, slots=True)
class Problem:
    """`path`: a JSON pointer (RFC 6901), “/all/1/within”; “” is the whole rule. `message`: what is wrong and what would do."""

    path: str
    message: str
    other: str = ""
    """The path of another line that the message names."""


class Invalid(DomainError):
    """A rule that cannot be asked; `problems` name each place."""

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        where = first.path or _("the whole rule")
        super().__init__(_("This rule cannot be used. %(where)s: %(what)s") % {"where": where, "what": first.message})
        self.problems = problems


@dataclass(slots=True)
class Place:
    """Where in the tree the parser is, and what it has found wrong so far."""

    path: str = ""
    depth: int = 0
    problems: list[Problem] = field(default_factory=list)

    def at(self, *steps: str | int) -> Place:
        """A place further down; what is found wrong there is kept with the rest."""
        below = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        return Place(self.path + below, self.depth + len(steps), self.problems)

    def wrong(self, message: str) -> None:
        self.problems.append(Problem(self.path, message))

    @contextmanager
    def counting(self) -> Iterator[list[int]]:
        """Whether something was found wrong meanwhile: the list then holds how much."""
        before, found = len(self.problems), [0]
        yield found
        found[0] = len(self.problems) - before


def shown(value: object) -> str:
    """A wrong value, short enough to be read."""
    text = value if isinstance(value, str) else repr(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def instead(value: object, known: Iterable[str], *, most: int = 8) -> str:
    """What would be right in the place of `value`: what is nearest to it, or the first few there are."""
    words = sorted(set(known))
    near = difflib.get_close_matches(str(value), words, n=3, cutoff=0.6)
    if near:
        return _("Did you mean %(names)s?") % {"names": _(" or ").join(f"“{name}”" for name in near)}
    if not words:
        return _("There is none yet.")
    names = ", ".join(f"“{name}”" for name in words[:most])
    return (_("There are: %(names)s …") if len(words) > most else _("There are: %(names)s.")) % {"names": names}
