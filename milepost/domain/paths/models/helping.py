from __future__ import annotations

import datetime
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext

from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Membership, Person

from .milestone import Milestone

OPEN_ASKS = 3
"""Introductions that one member may wait for at a time: an answer is kinder than a pile."""


class HelpOfferQuerySet(models.QuerySet["HelpOffer"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at__isnull=True)


class HelpOffer(IdModel):
    """That a member offers to help others reach a milestone."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="help_offers", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="help_offers", db_index=False)
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="help_offers")
    words = models.CharField(max_length=200, blank=True)
    offered_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = HelpOfferQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["person", "milestone"], name="offer_once")]

    @classmethod
    def offer(cls, *, by: Person, milestone: Milestone, words: str = "") -> HelpOffer:
        """A member offers to help with a milestone, or says it differently. Records `help.offered` the first time.

        Raises DomainError for a milestone of another community or one that is off the way.
        """
        check(by, "help.offer", by.community)
        if milestone.community_id != by.community_id or milestone.retired_at is not None:
            raise DomainError(gettext("This milestone is not on the way here."))
        with transaction.atomic():
            made, _new = cls.objects.update_or_create(
                person=by,
                milestone=milestone,
                defaults={
                    "community_id": by.community_id,
                    "words": " ".join(words.split())[:200],
                    "withdrawn_at": None,
                },
            )
            record("help.offered", community=by.community, by=by, obj=milestone, source_key=f"help.offered:{made.pk}")
            return made

    def withdraw(self, *, by: Person) -> None:
        """Whoever offered it no longer does. NotAllowed for anyone else."""
        if by.pk != self.person_id:
            raise NotAllowed(gettext("Only who offered help can take the offer back."))
        if self.withdrawn_at is None:
            self.withdrawn_at = clock.now()
            self.save(update_fields=["withdrawn_at"])


class IntroductionQuerySet(models.QuerySet["Introduction"]):
    def waiting(self) -> Self:
        return self.filter(agreed_at__isnull=True, declined_at__isnull=True)

    def made(self) -> Self:
        return self.filter(agreed_at__isnull=False)

    def of(self, person: Person) -> Self:
        return self.filter(Q(asker=person) | Q(asked=person))


class Introduction(IdModel):
    """Two members who are to meet: one asked, the other agrees or not. Only then each sees how to reach the other."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="introductions")
    asker = models.ForeignKey(Person, models.CASCADE, related_name="introductions_asked")
    asked = models.ForeignKey(Person, models.CASCADE, related_name="introductions_received")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="introductions")
    words = models.CharField(max_length=400, blank=True)
    asked_at = models.DateTimeField(default=clock.now)
    agreed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)

    objects = IntroductionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~Q(asker=models.F("asked")), name="nobody_meets_themselves"),
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=True) | Q(declined_at__isnull=True), name="agreed_or_declined"
            ),
        ]

    @classmethod
    def ask(cls, *, by: Person, other: Person, milestone: Milestone | None = None, words: str = "") -> Introduction:
        """A member would like to meet another, and has agreed by asking; the other is asked. Records `introduction.asked`.

        Who asked already, or was introduced, gets what is there. Raises DomainError for who cannot be asked, or while too many
        answers are outstanding.
        """
        check(by, "introductions.own", by.community)
        _may_meet(by, other)
        if milestone is not None and milestone.community_id != by.community_id:
            raise DomainError(gettext("This milestone belongs to another community."))
        with transaction.atomic():
            # Two presses of one button, and two who ask each other at once: the second waits and finds the first.
            list(Person.objects.select_for_update().filter(pk__in=[by.pk, other.pk]).order_by("pk"))
            between = cls.objects.of(by).filter(Q(asker=other) | Q(asked=other))
            if there := between.filter(declined_at__isnull=True).first():
                return there
            if between.filter(asker=by, declined_at__gt=clock.now() - datetime.timedelta(days=90)).exists():
                raise Conflict(gettext("They would rather not, for now. Ask somebody else."))
            if cls.objects.waiting().filter(asker=by).count() >= OPEN_ASKS:
                raise DomainError(
                    gettext("You wait for %(most)d answers already.") % {"most": OPEN_ASKS},
                    gettext("Wait for one of them, or take one back."),
                )
            made = cls.objects.create(
                community_id=by.community_id,
                asker=by,
                asked=other,
                milestone=milestone,
                words=" ".join(words.split())[:400],
            )
            record(
                "introduction.asked",
                community=by.community,
                by=by,
                other=other,
                obj=made,
                source_key=f"introduction.asked:{made.pk}",
            )
            return made

    def agree(self, *, by: Person) -> None:
        """Whoever was asked would like to meet, too: from now on each sees how to reach the other. Records `introduction.made`."""
        self._answered_by(by)
        with transaction.atomic():
            now = self._unanswered()
            now.agreed_at = self.agreed_at = clock.now()
            now.save(update_fields=["agreed_at"])
            record(
                "introduction.made",
                community=by.community,
                by=by,
                other=now.asker,
                obj=now,
                source_key=f"introduction.made:{now.pk}",
            )

    def decline(self, *, by: Person) -> None:
        """Whoever was asked would rather not; who asked is told so kindly, and no reason is needed."""
        self._answered_by(by)
        with transaction.atomic():
            now = self._unanswered()
            now.declined_at = self.declined_at = clock.now()
            now.save(update_fields=["declined_at"])

    def withdraw(self, *, by: Person) -> None:
        """Who asked no longer does, while nobody has answered."""
        if by.pk != self.asker_id:
            raise NotAllowed(gettext("Only who asked can take it back."))
        with transaction.atomic():
            self._unanswered().delete()

    def other_than(self, person: Person) -> Person:
        return self.asked if person.pk == self.asker_id else self.asker

    def _answered_by(self, by: Person) -> None:
        if by.pk != self.asked_id:
            raise NotAllowed(gettext("Only who was asked can answer."))

    def _unanswered(self) -> Introduction:
        now = Introduction.objects.select_for_update(of=("self",)).select_related("asker").get(pk=self.pk)
        if now.agreed_at or now.declined_at:
            raise Conflict(gettext("This was answered already."))
        return now


class MentoringQuerySet(models.QuerySet["Mentoring"]):
    def going(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def of(self, person: Person) -> Self:
        return self.filter(Q(mentor=person) | Q(mentee=person))


class Mentoring(IdModel):
    """That one member helps another over some time, with the next talk on the calendar."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="mentorings")
    mentor = models.ForeignKey(Person, models.CASCADE, related_name="mentoring")
    mentee = models.ForeignKey(Person, models.CASCADE, related_name="mentored")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="mentorings")
    began_at = models.DateTimeField(default=clock.now)
    next_talk_at = models.DateTimeField(null=True, blank=True)
    last_talk_at = models.DateTimeField(null=True, blank=True)
    talks = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MentoringQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~Q(mentor=models.F("mentee")), name="nobody_mentors_themselves"),
        ]

    @classmethod
    def begin(cls, *, introduction: Introduction, by: Person) -> Mentoring:
        """Two who were introduced go on: whoever was asked mentors who asked. By either; twice changes nothing.

        Records `mentoring.begun`. Raises DomainError where they have not both agreed to meet.
        """
        check(by, "introductions.own", by.community)
        if by.pk not in {introduction.asker_id, introduction.asked_id}:
            raise NotAllowed(gettext("This is between the two of them."))
        if introduction.agreed_at is None:
            raise DomainError(gettext("First both say that they would like to meet."))
        with transaction.atomic():
            # Both may press at once: the second waits here, and finds what the first one began.
            Introduction.objects.select_for_update(of=("self",)).get(pk=introduction.pk)
            made, new = cls.objects.get_or_create(
                mentor_id=introduction.asked_id,
                mentee_id=introduction.asker_id,
                ended_at=None,
                defaults={"community_id": introduction.community_id, "milestone_id": introduction.milestone_id},
            )
            if new:
                record(
                    "mentoring.begun",
                    community=by.community,
                    by=made.mentor,
                    other=made.mentee,
                    obj=made,
                    source_key=f"mentoring.begun:{made.pk}",
                    data={"begun_by": "mentor" if by.pk == made.mentor_id else "mentee"},
                )
            return made

    def plan(self, *, at: datetime.datetime | None, by: Person) -> None:
        """The next talk, or none. By either of the two; DomainError for a moment that is over."""
        self._theirs(by)
        if at is not None and at < clock.now():
            raise DomainError(gettext("That moment is over. Choose one that is still to come."))
        self.next_talk_at = at
        self.save(update_fields=["next_talk_at"])

    def talked(self, *, by: Person) -> None:
        """They have talked. By either; records `talk.held`, by the mentor with the mentee."""
        self._theirs(by)
        with transaction.atomic():
            now = Mentoring.objects.select_for_update(of=("self",)).get(pk=self.pk)
            now.talks, now.last_talk_at, now.next_talk_at = now.talks + 1, clock.now(), None
            now.save(update_fields=["talks", "last_talk_at", "next_talk_at"])
            record(
                "talk.held",
                community=by.community,
                by=self.mentor,
                other=self.mentee,
                obj=self,
                source_key=f"talk.held:{self.pk}:{now.talks}",
            )

    def end(self, *, by: Person) -> None:
        """It is over, by either of the two; what was stays in the log."""
        self._theirs(by)
        if self.ended_at is None:
            self.ended_at, self.next_talk_at = clock.now(), None
            self.save(update_fields=["ended_at", "next_talk_at"])

    def other_than(self, person: Person) -> Person:
        return self.mentee if person.pk == self.mentor_id else self.mentor

    def _theirs(self, by: Person) -> None:
        if by.pk not in {self.mentor_id, self.mentee_id}:
            raise NotAllowed(gettext("This is between the two of them."))
        if self.ended_at is not None:
            raise Conflict(gettext("This has ended."))


def _may_meet(by: Person, other: Person) -> None:
    if by.pk == other.pk:
        raise DomainError(gettext("That is you."))
    belongs = Membership.objects.active().filter(person=other, community_id=by.community_id)
    human = other.kind == Person.Kind.HUMAN and other.is_public
    if other.community_id != by.community_id or not human or not belongs.exists():
        raise DomainError(gettext("They cannot be asked here."), gettext("Choose a member who is here now."))
