from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation import conditions
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel, json_list
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.models import Community, Person

from .milestone import Milestone

NEEDS, LONGEST_NEED = 12, 160
WRITTEN = ("name", "seed", "story", "needs", "success", "suggests")


class PersonaQuerySet(models.QuerySet["Persona"]):
    def adopted(self) -> Self:
        return self.filter(adopted_at__isnull=False, retired_at__isnull=True)

    def proposed(self) -> Self:
        """Waiting for the stewards."""
        return self.filter(adopted_at__isnull=True, retired_at__isnull=True)


class Persona(IdModel):
    """A kind of person whom the community is for, with the path of milestones that they walk.

    `suggests` is a condition: whom it holds for is asked whether they find themselves here. Nobody is put into a persona.
    """

    community = models.ForeignKey(Community, models.CASCADE, related_name="personas")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=80)
    seed = models.CharField(_("portrait"), max_length=80, blank=True)
    """What the portrait is drawn from; the same words, the same face."""
    story = models.TextField(_("their story"), blank=True, max_length=2000)
    needs = json_list()
    success = models.CharField(_("what success looks like"), max_length=400, blank=True)
    suggests = models.JSONField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="personas_proposed", db_index=False
    )
    adopted_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    """What the stewards said when they adopted or declined what a member had proposed."""

    objects = PersonaQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="persona_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_adopted(self) -> bool:
        return self.adopted_at is not None and self.retired_at is None

    @classmethod
    def propose(cls, *, community: Community, by: Person, name: str, **fields: Any) -> Persona:
        """A member describes someone whom the community is for; stewards adopt it. Records `persona.proposed`.

        `fields`: seed, story, needs, success. Raises DomainError without a name, Conflict for one that is there.
        """
        check(by, "personas.propose", community)
        if fields.get("suggests"):
            raise DomainError(gettext("Stewards write who is asked, when they adopt it."))
        with transaction.atomic():
            persona = cls._made(community, name=name, **fields, proposed_at=clock.now(), proposed_by=by)
            record(
                "persona.proposed",
                community=community,
                by=by,
                obj=persona,
                source_key=f"persona.proposed:{persona.pk}",
            )
            return persona

    @classmethod
    def write(cls, *, community: Community, by: Person | None, name: str, **fields: Any) -> Persona:
        """A steward writes down a persona that the community has agreed on; audited. Records `persona.adopted`."""
        check(by, "personas.write", community)
        with transaction.atomic():
            persona = cls._made(community, name=name, **fields)
            persona._adopt(by, "")
            return persona

    @classmethod
    def _made(cls, community: Community, *, name: str, **fields: Any) -> Persona:
        Community.objects.select_for_update().get(pk=community.pk)
        there = cls.objects.filter(community=community)
        dated = {key: fields.pop(key) for key in ("proposed_at", "proposed_by") if key in fields}
        wanted = fields.pop("slug", "")
        said = _checked(community, name=name, **fields)
        _must_be_new(there, said["name"])
        last = there.order_by("-position").values_list("position", flat=True).first()
        slug = free_slug(there, wanted or said["name"], otherwise="persona")
        said["seed"] = said.get("seed") or slug
        return cls.objects.create(community=community, slug=slug, position=(last or 0) + 1, **said, **dated)

    def change(self, *, by: Person | None, **fields: Any) -> None:
        """A steward says it differently; who chose it is still there. Audited. `fields`: any of WRITTEN."""
        check(by, "personas.write", self.community)
        said = _checked(self.community, **({"name": self.name} | fields))
        changes = {key: [getattr(self, key), value] for key, value in said.items() if getattr(self, key) != value}
        if not changes:
            return
        with transaction.atomic():
            _must_be_new(Persona.objects.filter(community=self.community).exclude(pk=self.pk), said["name"])
            for key, (_before, value) in changes.items():
                setattr(self, key, value)
            self.save(update_fields=list(changes))
            trace("persona.changed", community=self.community, by=by, obj=self, changes=changes)

    def adopt(self, *, by: Person | None, answer: str = "") -> None:
        """What a member proposed, or what was retired, is the community's (again). Records `persona.adopted`; audited."""
        check(by, "personas.write", self.community)
        if self.is_adopted:
            return
        with transaction.atomic():
            others = Persona.objects.filter(community=self.community).exclude(pk=self.pk)
            _must_be_new(others.adopted(), self.name)
            self._adopt(by, answer)

    def _adopt(self, by: Person | None, answer: str) -> None:
        self.adopted_at, self.retired_at = self.adopted_at or clock.now(), None
        self.answer = answer.strip()[:400]
        self.save(update_fields=["adopted_at", "retired_at", "answer"])
        record("persona.adopted", community=self.community, by=by, obj=self)
        trace("persona.adopted", community=self.community, by=by, obj=self, reason=self.answer)

    def retire(self, *, by: Person | None, answer: str = "") -> None:
        """Nobody is asked about it any more; who chose it keeps what they reached. Also how a proposal is declined. Audited.

        Records `persona.retired`, for what was the community's.
        """
        check(by, "personas.write", self.community)
        if self.retired_at is not None:
            return
        with transaction.atomic():
            self.retired_at, self.answer = clock.now(), answer.strip()[:400]
            self.save(update_fields=["retired_at", "answer"])
            if self.adopted_at is not None:
                record("persona.retired", community=self.community, by=by, obj=self)
            trace("persona.retired", community=self.community, by=by, obj=self, reason=self.answer)

    def lay(self, *, milestones: Sequence[Milestone], by: Person | None) -> None:
        """A steward lays the path: these milestones in this order; audited. They may stand on other paths too.

        Raises DomainError for a milestone of another community, or one that stands twice.
        """
        check(by, "personas.write", self.community)
        wanted = [stone.pk for stone in milestones]
        if len(set(wanted)) != len(wanted):
            raise DomainError(gettext("Each milestone stands on a path once."))
        if any(stone.community_id != self.community_id for stone in milestones):
            raise DomainError(gettext("A milestone on this path belongs to another community."))
        with transaction.atomic():
            Persona.objects.select_for_update().get(pk=self.pk)
            there = list(self.stones.order_by("position").values_list("milestone", "milestone__slug"))
            if [ident for ident, _slug in there] == wanted:
                return
            self.stones.all().delete()
            PathStone.objects.bulk_create(
                PathStone(community_id=self.community_id, persona=self, milestone=stone, position=n)
                for n, stone in enumerate(milestones)
            )
            slugs = [slug for _ident, slug in there], [stone.slug for stone in milestones]
            trace("path.laid", community=self.community, by=by, obj=self, changes={"path": list(slugs)})


class PathStone(IdModel):
    """That a milestone stands on a persona's path, and where."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="path_stones", db_index=False)
    persona = models.ForeignKey(Persona, models.CASCADE, related_name="stones", db_index=False)
    milestone = models.ForeignKey(Milestone, models.CASCADE, related_name="stands_on")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["persona", "milestone"], name="stone_once_on_a_path"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "persona"], name="path_stone_by_persona")
        ]


def _checked(community: Community, *, name: str, needs: Iterable[str] | None = None, **fields: Any) -> dict[str, Any]:
    """What may be written of a persona, tidied."""
    if unknown := fields.keys() - set(WRITTEN):
        raise ValueError(f"a persona has no {', '.join(sorted(unknown))}")
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise DomainError(gettext("A persona needs a name of at most 80 letters."))
    said: dict[str, Any] = {"name": name}
    for key, longest in (("seed", 80), ("story", 2000), ("success", 400)):
        if key in fields:
            said[key] = str(fields[key] or "").strip()
            if len(said[key]) > longest:
                raise DomainError(gettext("That is too long: %(most)d letters at most.") % {"most": longest})
    if needs is not None:
        said["needs"] = _needs(needs)
    if "suggests" in fields:
        tree = fields["suggests"] or None
        said["suggests"] = conditions.parse(tree, community=community).tree if tree is not None else None
    return said


def _needs(needs: Iterable[str]) -> list[str]:
    listed = [tidy for need in needs if (tidy := " ".join(str(need).split()))]
    if len(listed) > NEEDS or any(len(need) > LONGEST_NEED for need in listed):
        raise DomainError(
            gettext("At most %(most)d needs, of at most %(letters)d letters each.")
            % {"most": NEEDS, "letters": LONGEST_NEED}
        )
    return listed


def _must_be_new(others: PersonaQuerySet, name: str) -> None:
    if others.filter(retired_at__isnull=True, name__iexact=name).exists():
        raise Conflict(gettext("There is a persona “%(name)s” already.") % {"name": name})
