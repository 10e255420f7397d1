"""What a community wants to know of its members beyond the profile: attributes that stewards define, and their values.

Rules ask for them by their slug: {"attribute": "instrument", "is": "Cello"}.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.conditions import registry
from milepost.foundation.identity.models import Community, Membership, Person

from .authority import check

OPTIONS = 200
LONGEST = 400
TAGS = 30
"""Of one member."""


class AttributeQuerySet(models.QuerySet["AttributeDefinition"]):
    def asked(self) -> Self:
        """Not retired."""
        return self.filter(retired_at__isnull=True)


class AttributeDefinition(IdModel):
    """One thing that a community wants to know of its members."""

    class Kind(models.TextChoices):
        TEXT = "text", _("A few words")
        NUMBER = "number", _("A number")
        DATE = "date", _("A day")
        CHOICE = "choice", _("One of several")
        TAGS = "tags", _("Several words")

    class FilledBy(models.TextChoices):
        MEMBER = "member", _("Each member, for themselves")
        STEWARD = "steward", _("Stewards only")

    community = models.ForeignKey(Community, models.CASCADE, related_name="attributes")
    slug = models.SlugField(max_length=60)
    label = models.CharField(_("what it is called"), max_length=80)
    kind = models.CharField(max_length=8, choices=Kind)
    options = json_list()
    """What can be chosen, for CHOICE and TAGS; of tags, none means anything."""
    filled_by = models.CharField(max_length=8, choices=FilledBy, default=FilledBy.MEMBER)
    is_sensitive = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = AttributeQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "label"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="attribute_once")
        ]

    def __str__(self) -> str:
        return self.label

    @classmethod
    def define(
        cls,
        *,
        community: Community,
        label: str,
        kind: str,
        by: Person | None,
        options: Iterable[str] = (),
        filled_by: str = FilledBy.MEMBER,
        is_sensitive: bool = False,
    ) -> AttributeDefinition:
        """A steward says what else members may tell; audited. DomainError without a name or choices, Conflict for one twice."""
        check(by, "attributes.write", community)
        label, chosen = _named(label), _options(kind, options)
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            there = cls.objects.filter(community=community)
            if there.asked().filter(label__iexact=label).exists():
                raise Conflict(gettext("“%(label)s” is asked already.") % {"label": label})
            slug = free_slug(there, label, longest=60, otherwise="attribute")
            if slug in registry.built_in():
                slug = free_slug(there, f"{slug}-own", longest=60, otherwise="attribute")
            last = there.order_by("-position").values_list("position", flat=True).first()
            made = cls.objects.create(
                community=community, slug=slug, label=label, kind=kind, options=chosen, filled_by=filled_by,
                is_sensitive=is_sensitive, position=(last or 0) + 1,
            )  # fmt: skip
            trace("attribute.defined", community=community, by=by, obj=made, changes={"label": ["", label]})
            return made

    def change(
        self, *, by: Person | None, label: str, options: Iterable[str], filled_by: str, is_sensitive: bool
    ) -> None:
        """A steward says it differently; its kind, and what members said, stay. Audited."""
        check(by, "attributes.write", self.community)
        label, chosen = _named(label), _options(self.kind, options)
        others = AttributeDefinition.objects.asked().filter(community=self.community).exclude(pk=self.pk)
        with transaction.atomic():
            if others.filter(label__iexact=label).exists():
                raise Conflict(gettext("“%(label)s” is asked already.") % {"label": label})
            new = {"label": label, "options": chosen, "filled_by": filled_by, "is_sensitive": is_sensitive}
            changes = {k: [getattr(self, k), v] for k, v in new.items() if getattr(self, k) != v}
            if changes:
                for name, value in new.items():
                    setattr(self, name, value)
                self.save(update_fields=list(new))
                trace("attribute.changed", community=self.community, by=by, obj=self, changes=changes)

    def retire(self, *, by: Person | None) -> None:
        """It is asked no more, and rules can no longer name it; what members said is kept until `take_up`. Audited."""
        self._retire(True, by)

    def take_up(self, *, by: Person | None) -> None:
        self._retire(False, by)

    def _retire(self, retired: bool, by: Person | None) -> None:
        check(by, "attributes.write", self.community)
        if (self.retired_at is not None) == retired:
            return
        with transaction.atomic():
            self.retired_at = clock.now() if retired else None
            self.save(update_fields=["retired_at"])
            action = "attribute.retired" if retired else "attribute.taken_up"
            trace(action, community=self.community, by=by, obj=self)

    def read(self, given: Any) -> list[AttributeValue]:
        """The rows that hold the value, without a person; none for nothing. Raises DomainError for what does not do."""
        words = [
            " ".join(str(one).split()) for one in (given if isinstance(given, list) else [given]) if one is not None
        ]
        words = [word for word in words if word]
        if self.kind == self.Kind.TAGS:
            words = list(dict.fromkeys(word for one in words for word in map(str.strip, one.split(",")) if word))
        if len(words) > (TAGS if self.kind == self.Kind.TAGS else 1) or any(len(word) > LONGEST for word in words):
            raise DomainError(gettext("“%(label)s” is too long.") % {"label": self.label})
        return [self._value(word) for word in words]

    def _value(self, word: str) -> AttributeValue:
        value = AttributeValue(definition=self, community_id=self.community_id)
        if self.kind == self.Kind.NUMBER:
            value.number = _number(word, self.label)
        elif self.kind == self.Kind.DATE:
            value.day = _day(word, self.label)
        elif self.options and word not in self.options:
            raise DomainError(
                gettext("“%(label)s” is never “%(value)s”.") % {"label": self.label, "value": word[:60]},
                gettext("Choose one of: %(options)s.") % {"options": ", ".join(self.options[:20])},
            )
        else:
            value.text = word
        return value


class AttributeValue(IdModel):
    """What one attribute is for one member: one row, or of tags one for each. Of `text`, `number` and `day` one is filled."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    definition = models.ForeignKey(AttributeDefinition, models.CASCADE, related_name="values", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="attribute_values")
    text = models.CharField(max_length=LONGEST, blank=True)
    number = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    day = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["definition", "person", "text"], name="attribute_value_once"),
        ]

    def __str__(self) -> str:
        if self.number is not None:
            return f"{self.number.normalize():f}"
        return self.day.isoformat() if self.day else self.text


def tell(*, person: Person, values: Mapping[str, Any], by: Person | None) -> None:
    """Write down what a member is, by the slugs of attributes; an empty value takes it away. Records `profile.changed`.

    Members tell of themselves what they may; stewards of everyone. Raises NotAllowed, and DomainError for an attribute that is
    not asked, a value that does not fit, or someone who does not belong.
    """
    own = by is not None and by.pk == person.pk
    check(by, "profile.own" if own else "attributes.write", person.community)
    if not Membership.objects.active().filter(person=person).exists():
        raise DomainError(gettext("%(name)s does not belong to the community now.") % {"name": person})
    known = {one.slug: one for one in AttributeDefinition.objects.asked().filter(community=person.community)}
    with transaction.atomic():
        for slug, given in values.items():
            definition = known.get(slug)
            if definition is None:
                raise DomainError(gettext("“%(slug)s” is not asked here.") % {"slug": slug[:60]})
            if own and definition.filled_by == AttributeDefinition.FilledBy.STEWARD:
                check(by, "attributes.write", person.community)
            rows = definition.read(given)
            AttributeValue.objects.filter(definition=definition, person=person).delete()
            for row in rows:
                row.person = person
                row.save(force_insert=True)
        record("profile.changed", community=person.community, by=person, object_kind="person", object_id=person.pk)


def told(person: Person) -> dict[str, list[str]]:
    """What is known of a member, by slug."""
    found: dict[str, list[str]] = {}
    rows = AttributeValue.objects.filter(person=person, definition__retired_at__isnull=True).select_related(
        "definition"
    )
    for row in rows.order_by("text"):
        found.setdefault(row.definition.slug, []).append(str(row))
    return found


def _named(label: str) -> str:
    label = " ".join(label.split())
    if not 0 < len(label) <= 80:
        raise DomainError(gettext("It needs a name of at most 80 letters."))
    return label


def _options(kind: str, options: Iterable[str]) -> list[str]:
    if kind not in AttributeDefinition.Kind.values:
        raise DomainError(gettext("“%(kind)s” is no kind of attribute.") % {"kind": kind[:40]})
    chosen = list(dict.fromkeys(" ".join(one.split())[:100] for one in options if one.strip()))
    if kind not in {"choice", "tags"}:
        return []
    if kind == "choice" and len(chosen) < 2:
        raise DomainError(gettext("A choice needs at least two things to choose from."))
    if len(chosen) > OPTIONS:
        raise DomainError(gettext("There can be at most %(most)d choices.") % {"most": OPTIONS})
    return chosen


def _number(word: str, label: str) -> Decimal:
    try:
        found = Decimal(word.replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        raise DomainError(
            gettext("“%(label)s” is a number; “%(value)s” is none.") % {"label": label, "value": word[:40]}
        )
    return found.quantize(Decimal("0.0001"))


def _day(word: str, label: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(word)
    except ValueError:
        raise DomainError(
            gettext("“%(label)s” is a day like 2026-05-31; “%(value)s” is none.") % {"label": label, "value": word[:40]}
        ) from None
