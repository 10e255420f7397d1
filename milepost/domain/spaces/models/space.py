from __future__ import annotations

from typing import Any, ClassVar

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.spaces.authority import By, acting
from milepost.domain.spaces.querysets import SpaceQuerySet
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person

RESERVED_SLUGS = {"new", "posts", "read", "tags", "files", "unread"}
"""Words that stand in addresses where a space's name would."""


class Space(IdModel):
    """A place to talk about one thing. Imported channels become spaces that are read only."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Open: everyone can read")
        MEMBERS = "members", _("Members only")
        PRIVATE = "private", _("Private: only who is in it")

    community = models.ForeignKey(Community, models.CASCADE, related_name="spaces", db_index=False)
    slug = models.SlugField(max_length=80)
    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("what it is for"), max_length=400, blank=True)
    kind = models.CharField(_("who can read"), max_length=8, choices=Kind, default=Kind.MEMBERS)
    goal = models.ForeignKey(Goal, models.SET_NULL, null=True, blank=True, related_name="spaces")
    value = models.ForeignKey(Value, models.SET_NULL, null=True, blank=True, related_name="spaces")
    source = models.CharField(max_length=40, blank=True)
    source_key = models.CharField(max_length=200, blank=True)
    read_only_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    thread_count = models.PositiveIntegerField(default=0)
    post_count = models.PositiveIntegerField(default=0)
    last_post_at = models.DateTimeField(null=True, blank=True)

    objects = SpaceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="space_once"),
            models.UniqueConstraint(
                fields=["community", "source", "source_key"], condition=~Q(source=""), name="space_source_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_posts(self) -> bool:
        return self.read_only_at is None and self.archived_at is None

    def readable_by(self, actor: Actor) -> bool:
        """The same as `visible_to` says of many, without asking the database but for private ones."""
        if self.community_id != actor.community.pk:
            return False
        if actor.membership is None or not actor.membership.is_active:
            return self.kind == self.Kind.OPEN and actor.community.is_public
        if self.kind != self.Kind.PRIVATE:
            return True
        return SpaceMember.objects.filter(space=self, person=actor.membership.person_id).exists()

    def must_take_posts(self, actor: Actor) -> None:
        """Raise NotAllowed for who may not read the space, DomainError where nobody writes any more."""
        if not self.readable_by(actor):
            raise NotAllowed(_now("Only who is in this space writes in it."))
        if not self.takes_posts:
            raise DomainError(
                _now("“%(name)s” is read only.") % {"name": self.name},
                _now("You can start a conversation about it in another space."),
            )

    @classmethod
    def create(
        cls,
        *,
        community: Community,
        name: str,
        by: By | None,
        purpose: str = "",
        kind: str = Kind.MEMBERS,
        goal: Goal | None = None,
        value: Value | None = None,
        slug: str = "",
    ) -> Space:
        """A steward opens a space; a private one has its maker in it. `by` None: the command line.

        Records `space.opened`.
        """
        person = acting(by, "spaces.write", community).person if by is not None else None
        name = " ".join(name.split())
        if not name:
            raise DomainError(_now("A space needs a name."), _now("Say in a word or two what belongs there."))
        with transaction.atomic():
            space = cls._insert(
                community=community,
                slug=slug or _stem(name),
                name=name,
                purpose=purpose.strip(),
                kind=kind,
                goal=goal,
                value=value,
                created_by=person,
            )
            if kind == cls.Kind.PRIVATE and person is not None:
                SpaceMember.objects.create(community=community, space=space, person=person)
            record("space.opened", community=community, by=person, obj=space, space_id=space.pk)
            trace("space.opened", community=community, by=person, obj=space)
        return space

    @classmethod
    def _insert(cls, *, slug: str, **fields: Any) -> Space:
        """With the first free one of slug, slug-2, slug-3, ..."""
        for n in range(1, 100):
            attempt = slug if n == 1 else f"{slug[:76]}-{n}"
            try:
                with transaction.atomic():
                    return cls.objects.create(slug=attempt, **fields)
            except IntegrityError:
                if not cls.objects.filter(community=fields["community"], slug=attempt).exists():
                    raise
        raise Conflict(_now("Many spaces have this name already."), _now("Choose another one."))

    def change(self, *, by: By, **fields: Any) -> None:
        """A steward changes name, purpose, kind, goal or value; audited. The address stays. Records `space.changed`."""
        actor = acting(by, "spaces.write", self.community, self)
        unknown = fields.keys() - {"name", "purpose", "kind", "goal", "value"}
        if unknown:
            raise ValueError(f"a space has no {', '.join(sorted(unknown))} to change")
        if "name" in fields and not fields["name"].strip():
            raise DomainError(_now("A space needs a name."), _now("Say in a word or two what belongs there."))
        with transaction.atomic():
            changes = {
                k: [str(getattr(self, k) or ""), str(v or "")] for k, v in fields.items() if getattr(self, k) != v
            }
            if not changes:
                return
            became_private = fields.get("kind") == self.Kind.PRIVATE != self.kind
            for key, value in fields.items():
                setattr(self, key, value)
            self.save(update_fields=list(changes))
            if became_private and actor.person is not None:
                SpaceMember.objects.get_or_create(
                    space=self, person=actor.person, defaults={"community": self.community}
                )
            self._changed("space.changed", actor, changes)

    def _changed(self, action: str, actor: Actor, changes: dict[str, Any]) -> None:
        record("space.changed", community=self.community, by=actor.person, obj=self, space_id=self.pk)
        trace(action, community=self.community, by=actor.person, obj=self, changes=changes)

    def _set(self, column: str, on: bool, action: str, by: By) -> None:
        actor = acting(by, "spaces.write", self.community, self)
        with transaction.atomic():
            if (getattr(self, column) is not None) == on:
                return
            before = getattr(self, column)
            setattr(self, column, clock.now() if on else None)
            self.save(update_fields=[column])
            self._changed(action, actor, {column: [str(before or ""), str(getattr(self, column) or "")]})

    def archive(self, *, by: By) -> None:
        """Put away: still readable by those who could, not listed first, nobody writes."""
        self._set("archived_at", True, "space.archived", by)

    def unarchive(self, *, by: By) -> None:
        self._set("archived_at", False, "space.unarchived", by)

    def make_read_only(self, *, by: By) -> None:
        self._set("read_only_at", True, "space.made_read_only", by)

    def take_posts(self, *, by: By) -> None:
        """Open for writing again, also an imported one: the conversation goes on here."""
        self._set("read_only_at", False, "space.made_writable", by)

    def add(self, person: Person, *, by: By) -> None:
        """Let someone into a private space; audited. Records `space.let_in`.

        Raises DomainError for who does not belong to the community.
        """
        actor = acting(by, "spaces.write", self.community, self)
        if person.community_id != self.community_id or not Actor.of(person).person:
            raise DomainError(_now("%(name)s is no member of this community.") % {"name": person.name})
        with transaction.atomic():
            _row, new = SpaceMember.objects.get_or_create(
                space=self, person=person, defaults={"community": self.community}
            )
            if new:
                self._tell("space.let_in", actor, person)
                trace(
                    "space.let_in",
                    community=self.community,
                    by=actor.person,
                    obj=self,
                    changes={"person": ["", person.name]},
                )

    def remove(self, person: Person, *, by: By) -> None:
        """Take someone out of a private space (anyone may take themselves out); audited. Records `space.put_out`."""
        actor = by if isinstance(by, Actor) else Actor.of(by)
        if actor.person is None or actor.person.pk != person.pk:
            actor = acting(by, "spaces.write", self.community, self)
        with transaction.atomic():
            gone, _rows = SpaceMember.objects.filter(space=self, person=person).delete()
            if gone:
                self._tell("space.put_out", actor, person)
                trace(
                    "space.put_out",
                    community=self.community,
                    by=actor.person,
                    obj=self,
                    changes={"person": [person.name, ""]},
                )

    def _tell(self, verb: str, actor: Actor, person: Person) -> None:
        record(verb, community=self.community, by=actor.person, other=person, obj=self, space_id=self.pk)


def _stem(name: str) -> str:
    stem = (slugify(name) or "space")[:78].strip("-")
    return f"{stem}-space" if stem in RESERVED_SLUGS else stem


class SpaceMember(IdModel):
    """Who is in a private space (and who follows another one)."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="space_memberships")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["space", "person"], name="in_space_once")]
