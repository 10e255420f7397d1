from __future__ import annotations

from .choice import Interest, NoneOfThese, PersonaChoice
from .cohort import CheckIn, Cohort, CohortMember
from .helping import HelpOffer, Introduction, Mentoring
from .invited import PersonaInvitation
from .milestone import Milestone, MilestoneQuerySet, MilestoneVersion
from .notice import Notice
from .own import JourneySharing, OwnStone, Welcome
from .persona import PathStone, Persona

__all__ = [
    "CheckIn",
    "Cohort",
    "CohortMember",
    "HelpOffer",
    "Interest",
    "Introduction",
    "JourneySharing",
    "Mentoring",
    "Milestone",
    "MilestoneQuerySet",
    "MilestoneVersion",
    "NoneOfThese",
    "Notice",
    "OwnStone",
    "PathStone",
    "Persona",
    "PersonaChoice",
    "PersonaInvitation",
    "Welcome",
]
