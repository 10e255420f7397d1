from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import Actor, at_least, permission


def _tends(actor: Actor, conversation: Any) -> bool:
    own = actor.person is not None and conversation.opened_by_id == actor.person.pk
    return own or at_least(actor, "moderator")


permission("conversations.view", _("See conversations and their maps"), lowest="member")
permission("conversations.vote", _("Vote on statements"), lowest="member")
permission("conversations.write", _("Write statements"), lowest="member")
permission("conversations.open", _("Open a conversation"), lowest="ambassador")
permission(
    "conversations.tend", _("Look after a conversation's statements, and close it"), lowest="ambassador", when=_tends
)
