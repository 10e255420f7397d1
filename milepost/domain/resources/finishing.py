"""Using a resource: lessons, finishing, rating. The inside of `Resource.finish`, `rate` and the like."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Person

from .authority import acting, must_use
from .models import Completion, LessonDone, Rating, Resource, ResourceVersion


def finish_lesson(resource: Resource, *, lesson: uuid.UUID, by: Person) -> bool:
    version = _using(resource, by)
    if version.lesson(lesson) is None:
        raise DomainError(_("This lesson is no longer part of the course."), _("Go on with the next one."))
    with transaction.atomic():
        # Of two sendings of one form, the second waits here and finds what the first one did.
        Person.objects.select_for_update().get(pk=by.pk)
        done, new = LessonDone.objects.get_or_create(
            resource=resource, person=by, lesson=lesson, defaults={"community": resource.community}
        )
        if new:
            record(
                "lesson.finished",
                community=resource.community,
                by=by,
                obj=resource,
                source_key=f"lesson.finished:{done.pk}",
                data={"lesson": str(lesson)},
            )
        whole = not lessons_left(resource, version, by)
        if whole:
            _complete(resource, version, by)
    return whole


def finish(resource: Resource, *, by: Person) -> None:
    version = _using(resource, by)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=by.pk)
        if left := lessons_left(resource, version, by):
            raise DomainError(
                _("“%(title)s” is not done yet.") % {"title": version.lesson(left[0])["title"]},  # type: ignore[index]
                _("A course is finished with its last lesson."),
            )
        _complete(resource, version, by)


def lessons_left(resource: Resource, version: ResourceVersion, by: Person) -> list[str]:
    """Ids of the lessons in force that the person has not done, in their order."""
    if not version.lessons:
        return []
    done = {
        str(one) for one in LessonDone.objects.filter(resource=resource, person=by).values_list("lesson", flat=True)
    }
    return [ident for ident in version.lesson_ids if ident not in done]


def _using(resource: Resource, by: Person) -> ResourceVersion:
    acting(by, "resources.finish", resource.community, resource)
    must_use(resource, by)
    version = resource.version_in_force()
    assert version is not None, "a published resource has a version in force"
    return version


def _complete(resource: Resource, version: ResourceVersion, by: Person) -> None:
    done, new = Completion.objects.get_or_create(
        resource=resource, person=by, defaults={"community": resource.community, "number": version.number}
    )
    if new:
        record(
            "resource.finished",
            community=resource.community,
            by=by,
            obj=resource,
            source_key=f"resource.finished:{done.pk}",
            data={"version": version.number},
        )


def take_back(resource: Resource, *, by: Person, lesson: uuid.UUID | None) -> None:
    acting(by, "resources.finish", resource.community, resource)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=by.pk)
        if lesson is not None:
            for row in LessonDone.objects.filter(resource=resource, person=by, lesson=lesson):
                _retract(resource, f"lesson.finished:{row.pk}", by)
                row.delete()
        for done in Completion.objects.filter(resource=resource, person=by):
            _retract(resource, f"resource.finished:{done.pk}", by)
            done.delete()
            # Only who finished it rates it.
            _remove_rating(resource, by, by)


def rate(resource: Resource, *, by: Person, stars: int, comment: str) -> Rating:
    acting(by, "resources.rate", resource.community, resource)
    must_use(resource, by)
    comment = comment.strip()
    if not 1 <= stars <= 5:
        raise DomainError(_("Give one to five stars."))
    if len(comment) > 1000:
        raise DomainError(_("A comment has at most 1,000 letters."))
    if resource.credits(by):
        raise DomainError(_("Authors do not rate their own work."), _("Ask others what they make of it."))
    if not Completion.objects.filter(resource=resource, person=by).exists():
        raise DomainError(_("Say first that you have finished it."), _("A rating helps most from someone who has."))
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=by.pk)
        before = Rating.objects.filter(resource=resource, person=by).first()
        if before is not None and before.stars != stars:
            _retract(resource, f"resource.rated:{before.pk}", by)
        rating, _new = Rating.objects.update_or_create(
            resource=resource,
            person=by,
            defaults={
                "community": resource.community,
                "stars": stars,
                "comment": comment,
                "rated_at": clock.now(),
            },
        )
        record(
            "resource.rated",
            community=resource.community,
            by=by,
            obj=resource,
            quantity=Decimal(stars),
            source_key=f"resource.rated:{rating.pk}",
        )
    return rating


def unrate(resource: Resource, *, by: Person, of: Person) -> None:
    own = of.pk == by.pk
    acting(by, "resources.rate" if own else "resources.tend", resource.community, resource)
    with transaction.atomic():
        removed = _remove_rating(resource, of, by)
        if removed is not None and not own:
            trace("resource.rating_removed", community=resource.community, by=by, obj=resource, reason=removed.comment)


def _remove_rating(resource: Resource, of: Person, by: Person) -> Rating | None:
    rating = Rating.objects.filter(resource=resource, person=of).first()
    if rating is not None:
        _retract(resource, f"resource.rated:{rating.pk}", by)
        Rating.objects.filter(pk=rating.pk).delete()
    return rating


def _retract(resource: Resource, key: str, by: Person) -> None:
    # Recorded again after a retraction, an activity has "~2" behind its key.
    told = Activity.objects.standing().filter(community=resource.community_id, source="milepost")
    for activity in told.filter(source_key__in=[key, *(f"{key}~{n}" for n in range(2, 20))]).select_related(
        "community", "identity"
    ):
        retract(activity, by=by)
