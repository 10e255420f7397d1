from __future__ import annotations

from .milestone import Milestone, MilestoneQuerySet

__all__ = ["Milestone", "MilestoneQuerySet"]
