from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.core.files.base import ContentFile, File
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.uploads import accept
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.foundation.identity.models import Community, Person

from .award import EVIDENCE, Award, _may_be_reached


class ClaimQuerySet(models.QuerySet["MilestoneClaim"]):
    def waiting(self) -> ClaimQuerySet:
        return self.filter(settled_at__isnull=True)

    def for_verifier(self, actor: Actor) -> ClaimQuerySet:
        """Those that the actor may settle: all for stewards; for others, what peers verify and they reached themselves.

        Never one's own.
        """
        person = actor.person
        if person is None or not can(actor, "milestones.verify"):
            return self.none()
        found = self.filter(community=actor.community).exclude(person=person)
        if at_least(actor, "steward"):
            return found
        reached = Award.objects.standing().filter(person=person, milestone=OuterRef("milestone"))
        return found.filter(Exists(reached), milestone__verified_by=Milestone.Verifier.PEER)


class MilestoneClaim(IdModel):
    """That a member says they reached a milestone which someone else verifies: waiting, confirmed or declined."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="milestone_claims")
    person = models.ForeignKey(Person, models.CASCADE, related_name="milestone_claims")
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="claims")
    occurrence = models.CharField(max_length=40, blank=True, default="")
    reached_on = models.DateField()
    text = models.TextField(max_length=EVIDENCE, blank=True)
    link = models.URLField(max_length=500, blank=True)
    file = models.FileField(upload_to="evidence/%Y/%m/", max_length=200, blank=True)
    file_name = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    award = models.ForeignKey(Award, models.SET_NULL, null=True, blank=True, related_name="claims")
    """What it led to; None while it waits, and where it was declined."""
    reason = models.CharField(max_length=400, blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["person", "milestone", "occurrence"],
                condition=Q(settled_at__isnull=True),
                name="milestone_claim_waits_once",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "settled_at", "made_at"], name="milestone_claim_queue")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.milestone}"

    @property
    def is_declined(self) -> bool:
        return self.settled_at is not None and self.award_id is None

    @classmethod
    def make(
        cls,
        *,
        person: Person,
        milestone: Milestone,
        reached_on: datetime.date,
        text: str = "",
        link: str = "",
        file: File | None = None,
    ) -> MilestoneClaim:
        """A member says that they reached it, with what shows it; where nobody verifies, it is so at once.

        The claim waits for a steward or a peer otherwise. Raises DomainError for what nobody can claim, a day that cannot
        be, evidence that is asked for and missing, or a file that we do not keep; Conflict for what is reached or waits.
        """
        _may_be_reached(person, milestone, reached_on)
        if milestone.way != Milestone.Way.CLAIM:
            raise DomainError(gettext("“%(name)s” is not reached by a claim.") % {"name": milestone.name})
        text, link = text.strip(), link.strip()
        if milestone.needs_evidence and not (text or link or file):
            raise DomainError(
                gettext("“%(name)s” needs something that shows it.") % {"name": milestone.name},
                gettext("Tell what happened, or add a link or a file."),
            )
        kept = accept(file) if file else None
        with transaction.atomic():
            Person.objects.select_for_update().get(pk=person.pk)
            occurrence = milestone.occurrence(reached_on)
            same = {"person": person, "milestone": milestone, "occurrence": occurrence}
            if _has_it(same, person):
                raise Conflict(gettext("You have reached “%(name)s” already.") % {"name": milestone.name})
            if cls.objects.waiting().filter(**same).exists():
                raise Conflict(gettext("You said so already; somebody will look at it."))
            claim = cls(community_id=person.community_id, reached_on=reached_on, text=text, link=link, **same)
            if kept:
                claim.file_name = kept.name
                claim.file.save(f"{new_id()}{kept.suffix}", ContentFile(kept.content), save=False)
            claim.save()
            if milestone.verified_by == Milestone.Verifier.NOBODY:
                claim._accept(None)
            return claim

    def confirm(self, *, by: Person, words: str = "") -> Award:
        """A steward, or a peer where peers verify, says that it is so; audited. Records `milestone.reached` for the person.

        Raises NotAllowed for anyone else and for oneself; Conflict where it was settled meanwhile.
        """
        with transaction.atomic():
            self._settle(by)
            self.reason = words.strip()[:400]
            award = self._accept(by)
            trace("claim.confirmed", community=self.community, by=by, obj=self, reason=self.reason)
            return award

    def decline(self, *, by: Person, reason: str) -> None:
        """The same, saying no: the person reads the reason and may claim again. Audited."""
        reason = reason.strip()
        if not reason:
            raise DomainError(gettext("Say why, so that the person knows what is missing."))
        with transaction.atomic():
            self._settle(by)
            self.reason = reason[:400]
            self.settled_at, self.settled_by = clock.now(), by
            self.save(update_fields=["settled_at", "settled_by", "reason"])
            trace("claim.declined", community=self.community, by=by, obj=self, reason=reason)

    def withdraw(self, *, by: Person) -> None:
        """Whoever made it takes it back before it was settled; nothing stays of it."""
        if by.pk != self.person_id:
            raise NotAllowed(gettext("Only who made a claim can take it back."))
        with transaction.atomic():
            gone = MilestoneClaim.objects.waiting().filter(pk=self.pk)
            if not gone.exists():
                raise Conflict(gettext("Somebody looked at it already."))
            name, storage = self.file.name, self.file.storage
            gone.delete()
            if name:
                transaction.on_commit(lambda: storage.delete(name), robust=True)

    def _settle(self, by: Person) -> None:
        """Hold the row and ask whether `by` may settle it."""
        check(by, "milestones.verify", self.community)
        waiting = MilestoneClaim.objects.select_for_update().filter(pk=self.pk).waiting()
        if not waiting.exists():
            raise Conflict(gettext("Somebody settled this claim meanwhile."))
        if not MilestoneClaim.objects.for_verifier(Actor.of(by)).filter(pk=self.pk).exists():
            raise NotAllowed(
                gettext("You cannot verify this one."),
                gettext("A steward can, or someone else who has reached the milestone."),
            )

    def _accept(self, by: Person | None) -> Award:
        """Renews what runs out, grants it otherwise. The award holds the same file, not a copy."""
        there = Award.objects.standing().filter(
            person=self.person, milestone=self.milestone, occurrence=self.occurrence
        ).first()  # fmt: skip
        if there is not None:
            there.renew(on=self.reached_on, by=by)
            self.award = there
        else:
            self.award = Award.grant(
                person=self.person,
                milestone=self.milestone,
                reached_on=self.reached_on,
                occurrence=self.occurrence,
                how=Award.How.CLAIM,
                by=by,
                evidence=self.text,
                link=self.link,
                file=self.file.name or "",
                file_name=self.file_name,
            )
        self.settled_at, self.settled_by = clock.now(), by
        self.save(update_fields=["settled_at", "settled_by", "reason", "award"])
        return self.award


def _has_it(same: dict[str, Any], person: Person) -> bool:
    """Whether it stands and is not about to run out: within its last two months it may be claimed anew."""
    soon = clock.today(person.community.time_zone) + datetime.timedelta(days=60)
    return Award.objects.holding(soon).filter(**same).exists()
