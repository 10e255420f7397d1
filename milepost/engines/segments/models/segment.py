from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.conditions import Condition, Sql, parse
from milepost.foundation.conditions.language import listed_condition
from milepost.foundation.conditions.sql import key
from milepost.foundation.identity.models import Community, Person


class SegmentQuerySet(models.QuerySet["Segment"]):
    def kept(self) -> Self:
        """Not retired: the reader keeps who is in them."""
        return self.filter(retired_at__isnull=True)


class Segment(IdModel):
    """Some of a community's members under a name: by a rule, or as a list that is kept by hand.

    `filled_at`: when everyone was looked at under the present rule; until then the reader passes it over.
    """

    KEY: ClassVar[str] = "in_segment"

    community = models.ForeignKey(Community, models.CASCADE, related_name="segments")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    about = models.CharField(_("what it is for"), max_length=400, blank=True)
    rule = models.JSONField(null=True, blank=True)
    """None: a list."""
    rule_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    changed_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True, blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)
    size = models.PositiveIntegerField(default=0)
    is_sensitive = models.BooleanField(default=False)
    """Whether its rule asks what only people themselves say: then nobody is listed, and few are not counted."""
    problem = models.TextField(blank=True)
    """Why its rule can no longer be asked: it names what is gone."""

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="segment_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_list(self) -> bool:
        return self.rule is None

    # --- what it asks ---------------------------------------------------------------------------------

    def condition(self) -> Condition:
        """What it asks of the members. Raises Invalid where its rule names what is gone."""
        if self.rule is None:
            entries = Sql("SELECT e.person_id FROM segments_listentry e WHERE e.segment_id = %s", (key(self.pk),))
            return listed_condition(entries, f"{self.KEY}:{self.slug}", self.name)
        return parse(self.rule, community=self.community, owner=(self.KEY, self.slug))

    def names(self) -> Iterator[tuple[str, str]]:
        """What its rule refers to, as (key, slug), without reading the rule any further."""
        yield from _named(self.rule)

    # --- changes ----------------------------------------------------------------------------------------

    @classmethod
    def define(
        cls,
        *,
        community: Community,
        name: str,
        by: Person | None,
        rule: Any = None,
        about: str = "",
        slug: str = "",
    ) -> Segment:
        """A steward saves a rule under a name, or (no rule) begins a list; audited. Who is in it is worked out afterwards.

        Raises NotAllowed, Conflict for a name that is there, DomainError without one, and Invalid for a wrong rule.
        """
        check(by, "segments.write", community)
        name = _fitting(name)
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            there = cls.objects.filter(community=community)
            if there.filter(name__iexact=name, retired_at__isnull=True).exists():
                raise Conflict(gettext("There is a segment “%(name)s” already.") % {"name": name})
            made = cls(community=community, name=name, about=about.strip()[:400], created_by=by)
            made.slug = free_slug(there, slug or name, otherwise="segment")
            made._take(rule)
            made.save(force_insert=True)
            trace("segment.defined", community=community, by=by, obj=made, changes={"rule": [None, made.rule]})
        made._fill_later()
        return made

    def change(self, *, by: Person | None, name: str, rule: Any = None, about: str = "") -> None:
        """Another name, purpose or rule; audited. With another rule everyone is looked at again; a list stays a list."""
        check(by, "segments.write", self.community)
        name = _fitting(name)
        with transaction.atomic():
            others = Segment.objects.kept().filter(community=self.community).exclude(pk=self.pk)
            if others.filter(name__iexact=name).exists():
                raise Conflict(gettext("There is a segment “%(name)s” already.") % {"name": name})
            before = {"name": self.name, "about": self.about, "rule": self.rule}
            before_hash = self.rule_hash
            self.name, self.about, self.changed_at = name, about.strip()[:400], clock.now()
            if not self.is_list:
                self._take(rule)
            other_rule = self.rule_hash != before_hash
            if other_rule:
                self.filled_at = None
            self.save(
                update_fields=[
                    "name",
                    "about",
                    "rule",
                    "rule_hash",
                    "changed_at",
                    "filled_at",
                    "problem",
                    "is_sensitive",
                ]
            )
            after = {"name": self.name, "about": self.about, "rule": self.rule}
            changes = {k: [before[k], after[k]] for k in before if before[k] != after[k]}
            if changes:
                trace("segment.changed", community=self.community, by=by, obj=self, changes=changes)
        if other_rule:
            self._fill_later()

    def retire(self, *, by: Person | None) -> None:
        """No longer kept, and nobody is in it any more; rules that name it say so. `take_up` brings it back. Audited."""
        self._retire(True, by)

    def take_up(self, *, by: Person | None) -> None:
        self._retire(False, by)
        self._fill_later()

    def _retire(self, retired: bool, by: Person | None) -> None:
        from .membership import SegmentDue, SegmentMember

        check(by, "segments.write", self.community)
        if (self.retired_at is not None) == retired:
            return
        with transaction.atomic():
            self.retired_at = clock.now() if retired else None
            self.filled_at, self.size = None, 0
            self.save(update_fields=["retired_at", "filled_at", "size"])
            SegmentMember.objects.filter(segment_id=self.pk).delete()
            SegmentDue.objects.filter(segment_id=self.pk).delete()
            trace("segment.retired" if retired else "segment.taken_up", community=self.community, by=by, obj=self)

    def _take(self, rule: Any) -> None:
        if rule is None:
            return
        condition = parse(rule, community=self.community, owner=(self.KEY, self.slug))
        self.rule, self.rule_hash, self.problem = condition.tree, condition.hash, ""
        self.is_sensitive = condition.is_sensitive

    def _fill_later(self) -> None:
        """Everyone is looked at by a worker; a page shows how far it is."""
        from ..tasks import fill_segment

        ident: uuid.UUID = self.pk
        fill_segment.using(community_id=self.community_id).enqueue(str(ident))


def _fitting(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(gettext("A segment needs a name of at most 120 letters."))
    return name


def _named(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list):
        for part in tree:
            yield from _named(part)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            if isinstance(value, str):
                yield name, value
            else:
                yield from _named(value)
