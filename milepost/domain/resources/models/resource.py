from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.resources.querysets import ResourceQuerySet
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.fields import IdModel
from milepost.foundation.identity.models import Community, Person

if TYPE_CHECKING:
    from milepost.domain.resources.drafting import Draft, Serving

    from .using import Rating
    from .version import ResourceVersion

TAGS_AT_MOST = 8


class ResourceTag(IdModel):
    """A word that resources carry."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="resource_tags", db_index=False)
    slug = models.SlugField(max_length=60, allow_unicode=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "slug"], name="resource_tag_once")
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, community: Community, names: Iterable[str]) -> list[ResourceTag]:
        """The community's tags of these names; new ones are made. DomainError for more than eight, or an empty name."""
        wanted: dict[str, str] = {}
        for name in names:
            words = " ".join(name.strip().lstrip("#").split())[:60]
            slug = slugify(words, allow_unicode=True)[:60]
            if not slug:
                raise DomainError(_now("“%(name)s” cannot be a tag.") % {"name": name}, _now("Use letters or digits."))
            wanted.setdefault(slug, words)
        if len(wanted) > TAGS_AT_MOST:
            raise DomainError(_now("A resource carries at most eight tags."), _now("Keep those that say most."))
        return [
            cls.objects.get_or_create(community=community, slug=slug, defaults={"name": words})[0]
            for slug, words in wanted.items()
        ]


class Resource(IdModel):
    """Something that helps: what it is, what it serves, and whether members can use it now.

    What it says is in its versions; title, summary and minutes are repeated here from the one in force (or the first
    proposal), so that lists need no second table.
    """

    class Kind(models.TextChoices):
        GUIDE = "guide", _("guide")
        LINK = "link", _("link")
        FILE = "file", _("file")
        TEMPLATE = "template", _("template")
        COURSE = "course", _("course")

    class Access(models.TextChoices):
        OPEN = "open", _("Everyone, visitors too")
        MEMBERS = "members", _("Members only")

    community = models.ForeignKey(Community, models.CASCADE, related_name="resources", db_index=False)
    slug = models.SlugField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    title = models.CharField(max_length=160)
    summary = models.CharField(max_length=400, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    access = models.CharField(_("who can use it"), max_length=8, choices=Access, default=Access.MEMBERS)
    credit = models.CharField(_("with thanks to"), max_length=200, blank=True)
    tags = models.ManyToManyField(ResourceTag, blank=True, related_name="resources")
    milestones = models.ManyToManyField(Milestone, blank=True, related_name="resources")
    goals = models.ManyToManyField(Goal, blank=True, related_name="resources")
    values = models.ManyToManyField(Value, blank=True, related_name="resources")
    proposed_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="proposed_resources")
    created_at = models.DateTimeField(default=clock.now)
    version_number = models.PositiveIntegerField(null=True, blank=True)
    """Of the version in force; empty until one was published."""
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["title"]
        constraints: ClassVar[list[Any]] = [models.UniqueConstraint(fields=["community", "slug"], name="resource_once")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "-published_at"], name="resource_newest")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.published_at is not None and self.withdrawn_at is None

    def credits(self, person: Person | None) -> bool:
        """Whether the person is named as one of its authors."""
        return person is not None and ResourceAuthor.objects.filter(resource=self, person=person).exists()

    def version_in_force(self) -> ResourceVersion | None:
        return self.versions.filter(number=self.version_number).first() if self.version_number else None

    def waiting_version(self) -> ResourceVersion | None:
        return self.versions.waiting().first()

    @classmethod
    def propose(
        cls, *, community: Community, by: Person | None, draft: Draft, serving: Serving, publish: bool = False
    ) -> Resource:
        """A member writes something that may help others. Records `resource.proposed`.

        With `publish`, whoever may publish it does so at once. `by` None: the command line. DomainError for what a resource of
        this kind cannot be without, or a file that is not accepted.
        """
        from milepost.domain.resources import drafting

        return drafting.propose(cls, community=community, by=by, draft=draft, serving=serving, publish=publish)

    def change(
        self, *, by: Person | None, draft: Draft, serving: Serving | None = None, after: int | None = None
    ) -> bool:
        """Say it differently: in force at once where `by` may publish it, else it waits; whether it is in force.

        Records `resource.changed` or `resource.proposed`. `after`: the number of the version that the writer started from;
        Conflict where another one came into force meanwhile, or where somebody else's change waits. What it serves is changed
        (`serving`) by whoever may publish, or before it was published for the first time.
        """
        from milepost.domain.resources import drafting

        return drafting.change(self, by=by, draft=draft, serving=serving, after=after)

    def publish(self, *, by: Person | None) -> None:
        """Put the waiting version into force; audited. Records `resource.published`, for a later version `resource.changed`."""
        from milepost.domain.resources import drafting

        drafting.publish(self, by=by)

    def decline(self, *, by: Person | None, reason: str) -> None:
        """A moderator says no to the waiting version, and why; its writer can change it and propose it again. Audited."""
        from milepost.domain.resources import drafting

        drafting.decline(self, by=by, reason=reason)

    def restore(self, *, number: int, by: Person | None) -> None:
        """An earlier version becomes a new one, in force at once. Records `resource.changed`."""
        from milepost.domain.resources import drafting

        drafting.restore(self, number=number, by=by)

    def withdraw(self, *, by: Person | None, reason: str = "") -> None:
        """Nobody is offered it any more; who finished it has still finished it. Audited. Records `resource.withdrawn`."""
        from milepost.domain.resources import drafting

        drafting.withdraw(self, by=by, reason=reason)

    def bring_back(self, *, by: Person | None) -> None:
        """Offer a withdrawn one again. Audited. Records `resource.changed`."""
        from milepost.domain.resources import drafting

        drafting.bring_back(self, by=by)

    def finish_lesson(self, *, lesson: uuid.UUID, by: Person) -> bool:
        """A member has done one lesson; whether the course is finished with it. Twice changes nothing.

        Records `lesson.finished`, and with the last one `resource.finished`.
        """
        from milepost.domain.resources import finishing

        return finishing.finish_lesson(self, lesson=lesson, by=by)

    def finish(self, *, by: Person) -> None:
        """A member has read, used or done it; twice changes nothing. Records `resource.finished`.

        DomainError for a course with lessons left.
        """
        from milepost.domain.resources import finishing

        finishing.finish(self, by=by)

    def take_back(self, *, by: Person, lesson: uuid.UUID | None = None) -> None:
        """It is not finished after all (or this lesson is not): the activity is retracted, a rating goes along."""
        from milepost.domain.resources import finishing

        finishing.take_back(self, by=by, lesson=lesson)

    def rate(self, *, by: Person, stars: int, comment: str = "") -> Rating:
        """Who finished it says how much it helped, 1 to 5; a second rating replaces the first. Records `resource.rated`.

        DomainError for who has not finished it, and for its authors.
        """
        from milepost.domain.resources import finishing

        return finishing.rate(self, by=by, stars=stars, comment=comment)

    def unrate(self, *, by: Person, of: Person | None = None) -> None:
        """Take one's own rating back, or as a moderator (audited) that of someone else; the activity is retracted."""
        from milepost.domain.resources import finishing

        finishing.unrate(self, by=by, of=of or by)


class ResourceAuthor(IdModel):
    """That a member is credited as an author."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="+", db_index=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="authors", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="authored_resources")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["resource", "person"], name="author_credited_once")
        ]
