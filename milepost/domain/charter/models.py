from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.models import Community, Person


class CharterQuerySet(models.QuerySet["CharterVersion"]):
    def in_force(self, community: Community) -> CharterVersion | None:
        """The version the community lives by now."""
        return self.filter(community=community, ratified_at__isnull=False).order_by("-number").first()


class CharterVersion(IdModel):
    """The charter at one time: mission, vision and agreements. Values are records of their own."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="charters")
    number = models.PositiveIntegerField()
    mission = models.TextField(_("mission"), max_length=600)
    vision = models.TextField(_("what will be different"), blank=True, max_length=4000)
    agreements = models.TextField(_("agreements"), blank=True, max_length=20_000)
    rationale = models.TextField(_("why this version"), blank=True, max_length=4000)
    written_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="charters_written")
    created_at = models.DateTimeField(default=clock.now)
    ratified_at = models.DateTimeField(null=True, blank=True)

    objects = CharterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "number"], name="charter_number_once")
        ]

    def __str__(self) -> str:
        return self.mission

    @classmethod
    def write(
        cls,
        *,
        community: Community,
        mission: str,
        vision: str = "",
        agreements: str = "",
        rationale: str = "",
        by: Person | None = None,
        after: int | None = None,
    ) -> CharterVersion:
        """A next version, in force at once, by a steward (None: the command line). Records `charter.ratified`.

        `after`: the number of the version that the writer started from (0: none). Raises Conflict where another one came
        into force meanwhile, DomainError without a mission, NotAllowed.
        """
        check(by, "charter.write", community)
        if not mission.strip():
            raise DomainError(
                gettext("A charter begins with a mission."), gettext("Say why you are here, in a sentence.")
            )
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            last = cls.objects.filter(community=community).order_by("-number").first()
            if after is not None and after != (last.number if last else 0):
                raise Conflict(
                    gettext("Someone put another version into force while you were writing."),
                    gettext("Read it, bring your words together with theirs, and send this again."),
                )
            version = cls.objects.create(
                community=community,
                number=last.number + 1 if last else 1,
                mission=mission.strip(),
                vision=vision.strip(),
                agreements=agreements.strip(),
                rationale=rationale.strip(),
                written_by=by,
                ratified_at=clock.now(),
            )
            record("charter.ratified", community=community, by=by, obj=version, data={"number": version.number})
            trace(
                "charter.ratified",
                community=community,
                by=by,
                obj=version,
                changes={
                    key: [getattr(last, key) if last else "", getattr(version, key)]
                    for key in ("mission", "vision", "agreements")
                    if (getattr(last, key) if last else "") != getattr(version, key)
                },
                reason=rationale,
            )
            return version


class ValueQuerySet(models.QuerySet["Value"]):
    def held(self) -> ValueQuerySet:
        return self.filter(retired_at__isnull=True)


class Value(IdModel):
    """Something the community holds dear. Goals, spaces and threads can point to it."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="values")
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("value"), max_length=80)
    meaning = models.CharField(_("what it means here"), max_length=400, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ValueQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="value_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def add(cls, *, community: Community, name: str, meaning: str = "", by: Person | None) -> Value:
        """A steward writes down what the community holds dear; audited. DomainError without a name, or for one that is there."""
        check(by, "charter.write", community)
        name = _named(name)
        with transaction.atomic():
            Community.objects.select_for_update().get(pk=community.pk)
            held = cls.objects.filter(community=community)
            cls._must_be_new(held, name)
            last = held.order_by("-position").values_list("position", flat=True).first()
            value = cls.objects.create(
                community=community,
                slug=free_slug(held, name, otherwise="value"),
                name=name,
                meaning=meaning.strip(),
                position=(last or 0) + 1,
            )
            record("value.added", community=community, by=by, obj=value)
            trace("value.added", community=community, by=by, obj=value, changes={"name": ["", name]})
            return value

    def change(self, *, name: str, meaning: str, by: Person | None) -> None:
        """A steward says it differently; the address stays. Audited with what it said before."""
        check(by, "charter.write", self.community)
        name, meaning = _named(name), meaning.strip()
        changes = {
            key: [getattr(self, key), new]
            for key, new in (("name", name), ("meaning", meaning))
            if getattr(self, key) != new
        }
        if not changes:
            return
        with transaction.atomic():
            self._must_be_new(Value.objects.filter(community=self.community).exclude(pk=self.pk), name)
            self.name, self.meaning = name, meaning
            self.save(update_fields=["name", "meaning"])
            record("value.changed", community=self.community, by=by, obj=self)
            trace("value.changed", community=self.community, by=by, obj=self, changes=changes)

    def retire(self, *, by: Person | None) -> None:
        """The community no longer names it among its values; what points to it stays. `hold` brings it back."""
        self._hold(False, by)

    def hold(self, *, by: Person | None) -> None:
        self._hold(True, by)

    def _hold(self, held: bool, by: Person | None) -> None:
        check(by, "charter.write", self.community)
        if (self.retired_at is None) == held:
            return
        with transaction.atomic():
            self.retired_at = None if held else clock.now()
            self.save(update_fields=["retired_at"])
            verb = "value.held" if held else "value.retired"
            record(verb, community=self.community, by=by, obj=self)
            trace(verb, community=self.community, by=by, obj=self)

    @staticmethod
    def _must_be_new(others: ValueQuerySet, name: str) -> None:
        if others.held().filter(name__iexact=name).exists():
            raise Conflict(gettext("“%(name)s” is among your values already.") % {"name": name})


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise DomainError(gettext("A value needs a name of at most 80 letters."))
    return name


class Agreement(IdModel):
    """That a person agreed to a version of the charter, when they joined or later."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="agreements")
    person = models.ForeignKey(Person, models.CASCADE, related_name="agreements")
    version = models.ForeignKey(CharterVersion, models.CASCADE, related_name="agreed")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["person", "version"], name="agreed_once")]
