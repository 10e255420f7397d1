from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

from .persona import Persona


class PersonaChoiceQuerySet(models.QuerySet["PersonaChoice"]):
    def standing(self) -> Self:
        """Chosen and not left."""
        return self.filter(chosen_at__isnull=False, left_at__isnull=True)


class PersonaChoice(IdModel):
    """How a person stands to a persona: chosen since, left again, or a suggestion that they declined. All by themselves."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="persona_choices", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="persona_choices", db_index=False)
    persona = models.ForeignKey(Persona, models.CASCADE, related_name="choices")
    chosen_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    suggested = models.BooleanField(default=False)
    """Whether it was chosen because the site suggested it."""

    objects = PersonaChoiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["person", "persona"], name="persona_choice_once"),
        ]


class NoneOfThese(IdModel):
    """That a person finds themselves in no persona, with their words: it tells stewards which one is missing."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="none_of_these")
    person = models.OneToOneField(Person, models.CASCADE, related_name="none_of_these")
    words = models.CharField(max_length=400, blank=True)
    said_at = models.DateTimeField(default=clock.now)


class Interest(IdModel):
    """Something that a member said they care about, in their words; `slug` is the same for the same words."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="interests", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="interests", db_index=False)
    slug = models.SlugField(max_length=60, allow_unicode=True, db_index=False)
    name = models.CharField(max_length=60)
    told_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["person", "slug"], name="interest_once")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "slug"], name="interest_by_slug")]
