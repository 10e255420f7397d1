"""Emoji on posts: a row for who, a count in the post, an activity."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Identity

from .authority import speaking
from .models import Post, Reaction

PALETTE = ("👍", "❤️", "🎉", "🙏", "💡", "😄")
"""What a person here can answer with. Imported posts carry whatever their source knew, and others may join in."""


def react(post: Post, actor: Actor, emoji: str) -> None:
    identity = speaking(actor)
    with transaction.atomic():
        locked = _locked(post, actor)
        if emoji not in PALETTE and emoji not in locked.reactions:
            raise DomainError(_("There is no reaction “%(emoji)s” here.") % {"emoji": emoji[:20]})
        now = clock.now()
        # A person may have several identities (an import, a sign-in): one of them is enough.
        if Reaction.objects.filter(post=post, identity__person=actor.person, emoji=emoji).exists():
            return
        Reaction.objects.create(community=post.community, post=post, identity=identity, emoji=emoji, given_at=now)
        _count(post, locked, emoji, 1)
        record(
            "reaction.given",
            community=post.community,
            by=identity,
            obj=locked.thread,
            space_id=locked.space_id,
            other=locked.author,
            happened_at=now,
            source_key=_key(post, emoji, identity),
            data={"emoji": emoji},
        )


def unreact(post: Post, actor: Actor, emoji: str) -> None:
    with transaction.atomic():
        locked = _locked(post, actor)
        rows = list(
            Reaction.objects.select_related("identity").filter(post=post, identity__person=actor.person, emoji=emoji)
        )
        for row in rows:
            activity = _activity(row, locked)
            row.delete()
            _count(post, locked, emoji, -1)
            if activity is not None:
                retract(activity, by=actor.person)


def _locked(post: Post, actor: Actor) -> Post:
    locked = Post.objects.select_for_update(of=("self",)).select_related("thread", "space", "author").get(pk=post.pk)
    if locked.deleted_at is not None:
        raise Conflict(_("This post was removed meanwhile."))
    if not locked.space.readable_by(actor):
        raise NotAllowed(_("Only who is in this space does that."))
    return locked


def _count(post: Post, locked: Post, emoji: str, change: int) -> None:
    """Keep the post's counts, in the order in which the emoji first came."""
    counts = dict(locked.reactions)
    counts[emoji] = counts.get(emoji, 0) + change
    if counts[emoji] <= 0:
        del counts[emoji]
    locked.reactions = post.reactions = counts
    locked.save(update_fields=["reactions"])


def _key(post: Post, emoji: str, identity: Identity) -> str:
    return f"reaction.given:{post.pk}:{emoji}:{identity.pk}"


def _activity(row: Reaction, post: Post) -> Activity | None:
    """The standing activity of a reaction, also of an imported one, whose key is the source's own."""
    return (
        Activity.objects.standing()
        .filter(
            identity=row.identity,
            happened_at=row.given_at,
            verb="reaction.given",
            object_id=post.thread_id,
            data__emoji=row.emoji,
        )
        .order_by("pk")
        .first()
    )
