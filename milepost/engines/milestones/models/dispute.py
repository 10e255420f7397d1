from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.access import Actor, at_least
from milepost.foundation.identity.models import Community, Person

from .award import Award


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> DisputeQuerySet:
        return self.filter(settled_at__isnull=True)


class Dispute(IdModel):
    """That someone doubts an award, or that its owner objects to its being revoked: with a reason, until a steward settles it."""

    class Outcome(models.TextChoices):
        STANDS = "stands", _("it stands")
        FALLS = "falls", _("it does not stand")

    community = models.ForeignKey(Community, models.CASCADE, related_name="+")
    award = models.ForeignKey(Award, models.CASCADE, related_name="disputes")
    opened_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="disputes_opened")
    reason = models.CharField(max_length=1_000)
    opened_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True)
    answer = models.CharField(max_length=1_000, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["award"], condition=Q(settled_at__isnull=True), name="dispute_open_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "settled_at", "opened_at"], name="dispute_queue")
        ]

    def __str__(self) -> str:
        return str(self.award)

    @classmethod
    def open(cls, *, award: Award, by: Person, reason: str) -> Dispute:
        """A member doubts a standing award, or its owner objects to a revoked one; audited.

        DomainError without a reason, NotAllowed for who may do neither, Conflict while one is open already.
        """
        check(by, "milestones.dispute", award.community)
        reason = reason.strip()
        if not reason:
            raise DomainError(gettext("Say what is not right about it."))
        if award.revoked_at is not None and by.pk != award.person_id:
            raise NotAllowed(gettext("Only the person themselves can object to that."))
        with transaction.atomic():
            Award.objects.select_for_update().get(pk=award.pk)
            if cls.objects.open().filter(award=award).exists():
                raise Conflict(gettext("Somebody asked the same already; a steward will look at it."))
            made = cls.objects.create(community=award.community, award=award, opened_by=by, reason=reason[:1_000])
            trace("dispute.opened", community=award.community, by=by, obj=made, reason=reason)
            return made

    def settle(self, *, by: Person, stands: bool, answer: str) -> None:
        """A steward decides, and says why: the award stands (again), or falls; audited.

        NotAllowed for the person whose award it is and for whoever doubts it, unless nobody else could decide.
        """
        check(by, "milestones.award", self.community)
        answer = answer.strip()
        if not answer:
            raise DomainError(gettext("Say why, to both of them."))
        with transaction.atomic():
            mine = Dispute.objects.select_for_update().open().filter(pk=self.pk)
            if not mine.exists():
                raise Conflict(gettext("Somebody settled this meanwhile."))
            award = Award.objects.select_related("person__community", "milestone", "community").get(pk=self.award_id)
            if by.pk in {award.person_id, self.opened_by_id} and _others_could(by):
                raise NotAllowed(gettext("Nobody decides about themselves."), gettext("Ask another steward."))
            outcome = self.Outcome.STANDS if stands else self.Outcome.FALLS
            self.settled_at, self.settled_by, self.outcome, self.answer = clock.now(), by, outcome, answer[:1_000]
            self.save(update_fields=["settled_at", "settled_by", "outcome", "answer"])
            if stands and award.revoked_at is not None:
                Award.grant(
                    person=award.person,
                    milestone=award.milestone,
                    reached_on=award.reached_on,
                    occurrence=award.occurrence,
                    how=award.how,
                    by=award.awarded_by,
                    backfilled=True,
                )
            elif not stands and award.revoked_at is None:
                award.revoke(by=by, reason=answer)
            trace(
                "dispute.settled",
                community=self.community,
                by=by,
                obj=self,
                changes={"outcome": ["", outcome]},
                reason=answer,
            )


def _others_could(by: Person) -> bool:
    """Whether another steward is there to ask."""
    others = Person.objects.filter(community=by.community_id, membership__left_at__isnull=True, account__isnull=False)
    others = others.filter(membership__role__in=("steward", "owner"))
    return others.exclude(pk=by.pk).exists() and at_least(Actor.of(by), "steward")
