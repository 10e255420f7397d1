from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.deliberation.querysets import ConversationQuerySet
from milepost.domain.goals.models import Goal
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.models import Community, Person

if TYPE_CHECKING:
    from .statement import Statement


@dataclass(frozen=True, slots=True)
class Opening:
    """What a conversation is about, as it is sent, with the first statements to vote on."""

    question: str
    text: str = ""
    statements: Sequence[str] = ()
    looks_first: bool = False
    closes_at: datetime.datetime | None = None
    goal: Goal | None = None


class Conversation(IdModel):
    """A question to which members write short statements, and vote on those of others."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="conversations", db_index=False)
    slug = models.SlugField(max_length=100)
    question = models.CharField(_("question"), max_length=200)
    text = models.TextField(_("what one should know first"), blank=True, max_length=4000)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="conversations")
    looks_first = models.BooleanField(_("somebody looks at each statement before it is voted on"), default=False)
    opened_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="opened_conversations")
    opened_at = models.DateTimeField(default=clock.now)
    closes_at = models.DateTimeField(_("ends"), null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    stale_since = models.DateTimeField(null=True, blank=True)
    """Votes changed since then, and a job is asked to draw the map again."""

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="conversation_once"),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opened_at")), name="closes_after_opening"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "-opened_at"], name="conversation_newest")
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and (self.closes_at is None or self.closes_at > clock.now())

    @classmethod
    def open(cls, *, community: Community, by: Person | None, opening: Opening) -> Conversation:
        """Ask the members a question. Records `conversation.opened`. DomainError for what cannot be."""
        from milepost.domain.deliberation import conversing

        return conversing.open_one(cls, community=community, by=by, opening=opening)

    def write(self, *, by: Person | None, text: str) -> Statement:
        """A member adds a statement, which they agree with. Records `statement.written`.

        DomainError where it is too long, is there already, or they have written as many as one may; Conflict after the end.
        """
        from milepost.domain.deliberation import conversing

        return conversing.write(self, by=by, text=text)

    def next_for(self, person: Person) -> Statement | None:
        """The statement to show next: of those that the fewest have seen, another one for each person."""
        from milepost.domain.deliberation import voting

        return voting.next_for(self, person)

    def close(self, *, by: Person | None) -> None:
        """Nobody votes or writes any more; audited. Twice changes nothing. Records `conversation.closed`."""
        from milepost.domain.deliberation import conversing

        conversing.close(self, by=by)

    def reopen(self, *, by: Person | None) -> None:
        """Go on, without an end; audited. Records `conversation.reopened`."""
        from milepost.domain.deliberation import conversing

        conversing.reopen(self, by=by)


class OpinionPicture(models.Model):
    """The map of a conversation as it was worked out last: no person is named in it."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, primary_key=True, related_name="picture")
    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    drawn_at = models.DateTimeField(default=clock.now)
    votes = models.PositiveIntegerField(default=0)
    data = json_dict()
    """As `drawing.kept` makes it."""
