from __future__ import annotations

from .badge import Badge
from .key import SigningKey
from .outside import OutsideBadge

__all__ = ["Badge", "OutsideBadge", "SigningKey"]
