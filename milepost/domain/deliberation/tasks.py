from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import drawing
from .models import Conversation


@job(label=_("Draw an opinion map"))
def draw_map(conversation_id: str) -> None:
    """A conversation that was deleted meanwhile is no work."""
    conversation = Conversation.objects.filter(pk=uuid.UUID(conversation_id)).first()
    if conversation is not None:
        drawing.draw(conversation)


@every(hours=6)
@job(label=_("Bring opinion maps in line"))
def bring_in_line() -> None:
    """People who turned out to be one, or who were erased, leave other votes behind."""
    for conversation in Conversation.objects.open_at(clock.now()).iterator():
        drawing.draw(conversation)
