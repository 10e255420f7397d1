"""What a count says: who was elected or what was selected, how it came to that, and by which rule exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from . import ENGINE


@dataclass(frozen=True, slots=True)
class Tie:
    """Everything was equal, and the order chose."""

    round: int
    between: tuple[str, ...]
    chosen: str
    about: str
    """What was to be decided, for example who is eliminated."""
    by: str
    """What decided it."""


@dataclass(frozen=True, slots=True)
class Result:
    method: str
    winners: list[str]
    """Ids in the order of election; of a budget, the projects in the order of selection."""
    rounds: list[dict[str, Any]]
    ties: list[Tie] = field(default_factory=list)
    variant: dict[str, Any] = field(default_factory=dict)
    """Everything that was chosen about the rule: seats, quota, completion, utilities ..."""
    cleaning: dict[str, Any] = field(default_factory=dict)
    """What was done about equal ranks, blanks and the like, and to how many ballots."""
    tie_order: list[str] = field(default_factory=list)
    tie_source: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    selects: bool = False
    """A budget: it selects projects."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON; whoever counted a file adds its SHA-256."""
        return {
            "method": self.method,
            "selected" if self.selects else "winners": self.winners,
            **self.summary,
            "rounds": self.rounds,
            "ties": [asdict(tie) for tie in self.ties],
            "rule": {"method": self.method, **self.variant},
            "ballot_cleaning": self.cleaning,
            "tie_break": {"order": self.tie_order, "source": self.tie_source},
            "engine": ENGINE,
        }


def exact(value: Fraction | int) -> int | str:
    """A number that JSON keeps as it is: an integer, else `numerator/denominator`."""
    return int(value) if value == int(value) else str(Fraction(value))


def rounded(value: Fraction | int, places: int = 2) -> str:
    """To look at, half to even."""
    share = Fraction(value)
    context = Context(prec=60, rounding=ROUND_HALF_EVEN)
    number = context.divide(Decimal(share.numerator), Decimal(share.denominator))
    return str(number.quantize(Decimal(1).scaleb(-places), context=context))


def fixed(value: int, places: int) -> str:
    """An integer count of 10**-places as a decimal number."""
    if not places:
        return str(value)
    sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"
