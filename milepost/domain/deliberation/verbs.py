from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("conversation.opened", _("opened a conversation"), icon="messages-square", objects=True)
verb("conversation.closed", _("closed a conversation"), icon="archive", public=False)
verb("conversation.reopened", _("opened a conversation again"), icon="messages-square", public=False)
# Not who wrote which: the object is the conversation.
verb("statement.written", _("wrote a statement"), icon="pencil-line", objects=True, public=False)
# That somebody took part, once a day; what they said is nowhere in the log.
verb("vote.cast", _("voted"), icon="vote", objects=True, public=False)
