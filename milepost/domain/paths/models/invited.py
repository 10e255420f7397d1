from __future__ import annotations

from django.db import models

from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Invitation

from .persona import Persona


class PersonaInvitation(IdModel):
    """That an invitation is meant for people like a persona: who joins by it is asked whether that is them."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    invitation = models.OneToOneField(Invitation, models.CASCADE, related_name="for_persona")
    persona = models.ForeignKey(Persona, models.CASCADE, related_name="invitations")
