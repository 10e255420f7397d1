"""Which conversations can be found: all, by their question and introduction; not what single statements say."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, UUIDField, Value
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search.registry import searchable

from .models import Conversation

_NONE = Value(NO_ID, output_field=UUIDField())


def _conversations() -> QuerySet[Any, Any]:
    return Conversation.objects.values_list("community_id", "pk", _NONE, _NONE, _NONE, "question", "text", "opened_at")


searchable(
    "conversation",
    _("Opinion maps"),
    permission="conversations.view",
    rows=_conversations,
    touched={("conversation.opened",): "SELECT a.object_id FROM activity_activity a WHERE {where}"},
)
