from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.domain.deliberation.querysets import StatementQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .conversation import Conversation

LONGEST = 280
"""Characters: one thought, so that one can agree or disagree with all of it."""


class Statement(IdModel):
    """One thought on which members vote, with the counts of their votes."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="statements", db_index=False)
    number = models.PositiveIntegerField()
    """In the conversation, from 1."""
    text = models.CharField(_("statement"), max_length=LONGEST)
    written_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="statements")
    written_at = models.DateTimeField(default=clock.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    """From when on it is voted on."""
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    hidden_because = models.CharField(max_length=400, blank=True)
    agree = models.PositiveIntegerField(default=0)
    disagree = models.PositiveIntegerField(default=0)
    passed = models.PositiveIntegerField(default=0)

    if TYPE_CHECKING:
        seen: int
        """How many have voted on it, from `least_seen_first` only."""

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["conversation", "number"], name="statement_once")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_shown(self) -> bool:
        return self.approved_at is not None and self.hidden_at is None

    def vote(self, *, by: Person, value: int) -> StatementVote:
        """Agree (1), disagree (-1) or pass (0); a second vote replaces the first. Records `vote.cast` once a day.

        DomainError for a statement that is not voted on, Conflict after the end.
        """
        from milepost.domain.deliberation import voting

        return voting.vote(self, by=by, value=value)

    def approve(self, *, by: Person | None) -> None:
        """Let it be voted on (again); audited."""
        from milepost.domain.deliberation import conversing

        conversing.approve(self, by=by)

    def hide(self, *, by: Person | None, reason: str) -> None:
        """Take it out: nobody votes on it, it is no part of the map, its votes are kept. Audited."""
        from milepost.domain.deliberation import conversing

        conversing.hide(self, by=by, reason=reason)


class StatementVote(IdModel):
    """What a person says to a statement, until the conversation ends."""

    class Value(models.IntegerChoices):
        AGREE = 1, _("Agree")
        DISAGREE = -1, _("Disagree")
        PASS = 0, _("Pass")

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="votes", db_index=False)
    statement = models.ForeignKey(Statement, models.CASCADE, related_name="votes", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="statement_votes")
    value = models.SmallIntegerField(choices=Value)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["statement", "person"], name="statement_vote_once"),
            models.CheckConstraint(condition=Q(value__gte=-1, value__lte=1), name="statement_vote_is_one_of_three"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["conversation", "person"], name="votes_of_conversation")
        ]
