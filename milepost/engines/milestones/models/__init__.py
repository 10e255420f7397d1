from __future__ import annotations

from .award import Award
from .claim import MilestoneClaim
from .dispute import Dispute
from .giving import GoalServed, SpaceGrant
from .ruling import NextLook, RuleInForce

__all__ = ["Award", "Dispute", "GoalServed", "MilestoneClaim", "NextLook", "RuleInForce", "SpaceGrant"]
