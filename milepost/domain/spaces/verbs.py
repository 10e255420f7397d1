from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("thread.started", _("started a conversation"), icon="message-square-plus", objects=True, external=True)
verb("reply.posted", _("replied"), icon="reply", objects=True, external=True)
verb("reaction.given", _("reacted"), icon="smile", objects=True, external=True, personal=("emoji",))
