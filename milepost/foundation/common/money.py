"""Money: an exact count of a currency's smallest unit. Never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

# ISO 4217: the currencies whose smallest unit is not a hundredth.
_DIGITS = {"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0}
_DIGITS |= {"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0}
_DIGITS |= {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` units of `currency` (cents of EUR, whole JPY)."""

    currency: str
    minor: int

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """From a decimal amount in the currency's main unit; rounds half to even."""
        digits = _DIGITS.get(currency, 2)
        scaled = Decimal(amount).scaleb(digits).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        return cls(currency, int(scaled))

    @property
    def amount(self) -> Decimal:
        """In the currency's main unit."""
        return Decimal(self.minor).scaleb(-_DIGITS.get(self.currency, 2))

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.currency, self.minor + other.minor)

    def __neg__(self) -> Money:
        return Money(self.currency, -self.minor)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def shares(self, weights: list[int]) -> list[Money]:
        """Split by `weights` (largest remainder); the parts always add up to the whole."""
        total = sum(weights)
        if total <= 0:
            raise ValueError("the weights must add up to more than nothing")
        parts = [self.minor * w // total for w in weights]
        left = self.minor - sum(parts)
        by_remainder = sorted(range(len(weights)), key=lambda i: -(self.minor * weights[i] % total))
        for i in by_remainder[:left]:
            parts[i] += 1
        return [Money(self.currency, p) for p in parts]
