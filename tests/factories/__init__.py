"""Typed factories: one call makes a valid row with whatever stands around it.

They write rows only, nothing of it stands in the log; where the log matters, a test calls the domain's own methods.
"""

from __future__ import annotations

from .cast import Cast, make_cast
from .deliberating import make_conversation
from .gatherings import make_event, make_past_event, make_when
from .helping import make_draft, make_opportunity, make_resource
from .people import (
    PASSWORD,
    actor,
    make_account,
    make_community,
    make_identity,
    make_member,
    make_organisation,
    make_person,
)
from .purpose import (
    make_award,
    make_charter,
    make_goal,
    make_milestone,
    make_praise,
    make_profile,
    make_value,
)
from .talk import make_attachment, make_post, make_reaction, make_space, make_thread
from .walking import make_choice, make_cohort, make_help_offer, make_introduction, make_persona

__all__ = [
    "PASSWORD",
    "Cast",
    "actor",
    "make_account",
    "make_attachment",
    "make_award",
    "make_cast",
    "make_charter",
    "make_choice",
    "make_cohort",
    "make_community",
    "make_conversation",
    "make_draft",
    "make_event",
    "make_goal",
    "make_help_offer",
    "make_identity",
    "make_introduction",
    "make_member",
    "make_milestone",
    "make_opportunity",
    "make_organisation",
    "make_past_event",
    "make_person",
    "make_persona",
    "make_post",
    "make_praise",
    "make_profile",
    "make_reaction",
    "make_resource",
    "make_space",
    "make_thread",
    "make_value",
    "make_when",
]
