from __future__ import annotations

from .commitment import Commitment
from .opportunity import Opportunity, Skill, TakingPart

__all__ = ["Commitment", "Opportunity", "Skill", "TakingPart"]
