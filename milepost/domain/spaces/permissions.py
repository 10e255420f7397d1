from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import Actor, at_least, permission


def _own(actor: Actor, post: Any) -> bool:
    return bool(actor.person and post.author and post.author.person_id == actor.person.pk)


def _own_or_moderator(actor: Actor, post: Any) -> bool:
    return _own(actor, post) or at_least(actor, "moderator")


permission("spaces.view", _("Read spaces"), lowest="member", public=True)
permission("spaces.write", _("Make and change spaces"), lowest="steward")
permission("threads.start", _("Start a conversation"), lowest="member")
permission("posts.write", _("Reply"), lowest="member")
permission("posts.react", _("React"), lowest="member")
permission("posts.edit", _("Change a post"), lowest="member", when=_own)
permission("posts.delete", _("Delete a post"), lowest="member", when=_own_or_moderator)
permission("threads.manage", _("Pin, close and move conversations"), lowest="moderator")
permission("search.use", _("Search"), lowest="member", public=True)
