from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("thread.started", _("started a conversation"), icon="message-square-plus", objects=True, external=True)
verb("reply.posted", _("replied"), icon="reply", objects=True, external=True)
verb("reaction.given", _("reacted"), icon="smile", objects=True, external=True, personal=("emoji",))

# What pages show is in the rows; these tell readers that something must be looked at again.
verb("post.edited", _("changed a post"), icon="pencil", public=False)
verb("thread.changed", _("changed a conversation"), icon="pencil", public=False)
verb("space.opened", _("opened a space"), icon="messages-square")
verb("space.changed", _("changed a space"), icon="pencil", public=False)
verb("space.let_in", _("let someone into a space"), icon="door-open", public=False)
verb("space.put_out", _("took someone out of a space"), icon="door-closed", public=False)
