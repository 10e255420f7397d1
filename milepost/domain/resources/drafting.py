"""From a first draft to a published resource: the inside of `Resource.propose`, `change`, `publish` and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.common.uploads import Accepted, accept
from milepost.foundation.identity.models import Community, Membership, Person

from .authority import acting, may
from .models import Resource, ResourceAuthor, ResourceTag, ResourceVersion

LONGEST = 100_000
"""Characters of a guide, or of one lesson."""
LESSONS = (2, 60)
"""Fewer would be a guide, more a library."""
WAITING_AT_ONCE = 10
"""Proposals of one member that wait for a decision at most."""
_URL = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True)
class LessonDraft:
    title: str
    text: str
    minutes: int | None = None
    id: str = ""
    """Of a lesson that was there before; a new one has none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a version says, as its writer sends it. Without `file`, the one that was there stays."""

    kind: str
    title: str
    summary: str = ""
    minutes: int | None = None
    text: str = ""
    url: str = ""
    file: File | None = None
    lessons: Sequence[LessonDraft] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Serving:
    """What a resource belongs to, beside what it says."""

    access: str = Resource.Access.MEMBERS
    credit: str = ""
    tags: Sequence[str] = ()
    milestones: Sequence[Milestone] = ()
    goals: Sequence[Goal] = ()
    values: Sequence[Value] = ()
    authors: Sequence[Person] = field(default=())


def propose(
    model: type[Resource], *, community: Community, by: Person | None, draft: Draft, serving: Serving, publish: bool
) -> Resource:
    actor = acting(by, "resources.propose", community)
    _must_not_flood(by, publish)
    values, file = _checked(draft, None), accept(draft.file) if draft.file else None
    _checked_serving(community, serving)
    with stored(file) as name, transaction.atomic():
        Community.objects.select_for_update().get(pk=community.pk)
        slug = free_slug(model.objects.filter(community=community), values["title"], longest=100, otherwise="resource")
        made = model(community=community, slug=slug, kind=draft.kind, proposed_by=by)
        _repeat(made, values)
        made.save(force_insert=True)
        _serve(made, serving)
        version = _version(made, 1, values, by, _file_columns(file, name, None))
        version.save(force_insert=True)
        record("resource.proposed", community=community, by=by, obj=made, source_key=f"resource.proposed:{version.pk}")
        if publish:
            acting(by, "resources.publish", community, made)
            _put_into_force(made, version, by)
        elif may(actor, "resources.tend", made):
            trace("resource.proposed", community=community, by=by, obj=made)
    return made


def _must_not_flood(by: Person | None, publish: bool) -> None:
    if by is None or publish:
        return
    waiting = ResourceVersion.objects.waiting().filter(by=by).count()
    if waiting >= WAITING_AT_ONCE:
        raise DomainError(
            _("%(count)d of your proposals wait for a decision already.") % {"count": waiting},
            _("Finish one of those first, or ask a steward to look at them."),
        )


def change(resource: Resource, *, by: Person | None, draft: Draft, serving: Serving | None, after: int | None) -> bool:
    actor = acting(by, "resources.change", resource.community, resource)
    if draft.kind != resource.kind:
        raise DomainError(_("A resource stays of the kind that it is."), _("Write a new one of the other kind."))
    file = accept(draft.file) if draft.file else None
    with stored(file) as name, transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        waiting = now.waiting_version()
        _must_be_newest(now, waiting, by, after, decides=may(actor, "resources.publish", now))
        before = waiting or now.version_in_force() or now.versions.order_by("-number").first()
        values = _checked(draft, before)
        columns = _file_columns(file, name, before)
        at_once = now.published_at is not None and may(actor, "resources.publish", now)
        if serving is not None and (at_once or now.published_at is None):
            _checked_serving(now.community, serving)
            _serve(now, serving)
        if at_once:
            _put_into_force(now, _version(now, _next(now), values, by, columns), by)
        else:
            _put_in_waiting(now, waiting, values, by, columns)
    resource.refresh_from_db()
    return at_once


def _must_be_newest(
    now: Resource, waiting: ResourceVersion | None, by: Person | None, after: int | None, *, decides: bool
) -> None:
    if after is not None and after != (now.version_number or 0):
        raise Conflict(
            _("Someone put another version into force while you were writing."),
            _("Read it, bring your words together with theirs, and send this again."),
        )
    if waiting is not None and by is not None and waiting.by_id != by.pk and not decides:
        raise Conflict(
            _("Somebody else's change waits for a decision."), _("Yours can follow when that one is decided on.")
        )


def _put_in_waiting(
    now: Resource, waiting: ResourceVersion | None, values: dict[str, Any], by: Person | None, columns: dict[str, Any]
) -> None:
    """A writer's own waiting version is written over: nobody but them and the stewards has seen it."""
    if waiting is not None:
        for key, value in {**values, **columns, "written_at": clock.now()}.items():
            setattr(waiting, key, value)
        waiting.save()
        version = waiting
    else:
        version = _version(now, _next(now), values, by, columns)
        version.save(force_insert=True)
    if now.published_at is None:
        _repeat(now, values)
        now.save()
    record("resource.proposed", community=now.community, by=by, obj=now, source_key=f"resource.proposed:{version.pk}")


def publish(resource: Resource, *, by: Person | None) -> None:
    acting(by, "resources.publish", resource.community, resource)
    with transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        version = now.waiting_version()
        if version is None:
            raise Conflict(_("Nothing waits to be published here."))
        # Versions that came into force meanwhile stand before it.
        if version.number <= (now.version_number or 0):
            version.number = _next(now)
        _put_into_force(now, version, by)
    resource.refresh_from_db()


def decline(resource: Resource, *, by: Person | None, reason: str) -> None:
    acting(by, "resources.tend", resource.community, resource)
    reason = " ".join(reason.split())
    if not reason:
        raise DomainError(_("Say why, so that its writer can do something about it."))
    with transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        version = now.waiting_version()
        if version is None:
            raise Conflict(_("Nothing waits to be decided on here."))
        version.declined_at, version.declined_because = clock.now(), reason[:400]
        version.save(update_fields=["declined_at", "declined_because"])
        trace("resource.declined", community=now.community, by=by, obj=now, reason=reason)


def restore(resource: Resource, *, number: int, by: Person | None) -> None:
    acting(by, "resources.publish", resource.community, resource)
    with transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        before = now.versions.filter(number=number, published_at__isnull=False).first()
        if before is None or number == now.version_number:
            raise DomainError(_("There is no earlier version with this number."))
        values = {key: getattr(before, key) for key in _CONTENT}
        values["note"] = _("As in version %(number)d") % {"number": number}
        files = {key: getattr(before, key) for key in _FILE}
        _put_into_force(now, _version(now, _next(now), values, by, files), by)
    resource.refresh_from_db()


def withdraw(resource: Resource, *, by: Person | None, reason: str) -> None:
    acting(by, "resources.tend", resource.community, resource)
    with transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        if now.withdrawn_at is not None or now.published_at is None:
            return
        now.withdrawn_at = clock.now()
        now.save(update_fields=["withdrawn_at"])
        record("resource.withdrawn", community=now.community, by=by, obj=now)
        trace("resource.withdrawn", community=now.community, by=by, obj=now, reason=reason)
    resource.refresh_from_db()


def bring_back(resource: Resource, *, by: Person | None) -> None:
    acting(by, "resources.tend", resource.community, resource)
    with transaction.atomic():
        now = Resource.objects.select_for_update().get(pk=resource.pk)
        if now.withdrawn_at is None:
            return
        now.withdrawn_at = None
        now.save(update_fields=["withdrawn_at"])
        record("resource.changed", community=now.community, by=by, obj=now)
        trace("resource.brought_back", community=now.community, by=by, obj=now)
    resource.refresh_from_db()


# --- the pieces ---------------------------------------------------------------------------------------

_CONTENT = ("title", "summary", "minutes", "text", "url", "lessons", "note")
_FILE = ("file", "file_name", "media_type", "size")


def _next(resource: Resource) -> int:
    return (resource.versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _version(
    resource: Resource, number: int, values: Mapping[str, Any], by: Person | None, files: Mapping[str, Any]
) -> ResourceVersion:
    """A new one, not saved yet: it either comes into force or waits, and of those that wait there is one at most."""
    return ResourceVersion(community=resource.community, resource=resource, number=number, by=by, **values, **files)


def _put_into_force(resource: Resource, version: ResourceVersion, by: Person | None) -> None:
    now, first = clock.now(), resource.published_at is None
    version.published_at, version.published_by = now, by
    version.save()
    resource.version_number = version.number
    resource.published_at = resource.published_at or now
    _repeat(resource, {key: getattr(version, key) for key in ("title", "summary", "minutes")})
    resource.save()
    verb = "resource.published" if first else "resource.changed"
    writer = version.by or by
    record(
        verb,
        community=resource.community,
        by=writer,
        obj=resource,
        source_key=f"{verb}:{version.pk}",
        data={"number": version.number},
    )
    trace(verb, community=resource.community, by=by, obj=resource, changes={"version": ["", str(version.number)]})


def _repeat(resource: Resource, values: Mapping[str, Any]) -> None:
    resource.title, resource.summary, resource.minutes = values["title"], values["summary"], values["minutes"]


def _serve(resource: Resource, serving: Serving) -> None:
    resource.access, resource.credit = serving.access, " ".join(serving.credit.split())[:200]
    resource.save(update_fields=["access", "credit"])
    resource.tags.set(ResourceTag.named(resource.community, serving.tags))
    resource.milestones.set(serving.milestones)
    resource.goals.set(serving.goals)
    resource.values.set(serving.values)
    ResourceAuthor.objects.filter(resource=resource).exclude(person__in=serving.authors).delete()
    for n, person in enumerate(serving.authors):
        ResourceAuthor.objects.update_or_create(
            resource=resource, person=person, defaults={"community": resource.community, "position": n}
        )


def _checked_serving(community: Community, serving: Serving) -> None:
    if serving.access not in Resource.Access.values:
        raise DomainError(_("Choose who can use it."))
    rows: tuple[Milestone | Goal | Value | Person, ...] = (
        *serving.milestones, *serving.goals, *serving.values, *serving.authors,
    )  # fmt: skip
    for row in rows:
        if row.community_id != community.pk:
            raise DomainError(_("That belongs to another community."))
    here = set(Membership.objects.active().filter(person__in=serving.authors).values_list("person", flat=True))
    for person in serving.authors:
        if person.pk not in here:
            raise DomainError(
                _("%(name)s is no member of this community.") % {"name": person.name},
                _("Name people from elsewhere in the line of thanks."),
            )


def _file_columns(file: Accepted | None, name: str, before: ResourceVersion | None) -> dict[str, Any]:
    if file is not None:
        return {"file": name, "file_name": file.name, "media_type": file.media_type, "size": len(file.content)}
    return {key: getattr(before, key) for key in _FILE} if before is not None else {}


@contextmanager
def stored(file: Accepted | None) -> Iterator[str]:
    """The name under which the file lies in the storage ("" without one); removed again if what follows fails."""
    if file is None:
        yield ""
        return
    # The stored name tells nothing and cannot be guessed; what people see is the version's `file_name`.
    path = f"resources/{clock.now():%Y/%m}/{new_id().hex}{file.suffix}"
    name = default_storage.save(path, ContentFile(file.content))
    try:
        yield name
    except BaseException:
        default_storage.delete(name)
        raise


# --- what may be written ------------------------------------------------------------------------------


def _checked(draft: Draft, before: ResourceVersion | None) -> dict[str, Any]:
    """A version's columns, but those of its file; DomainError for what a resource of this kind cannot be without."""
    title = " ".join(draft.title.split())
    if not 0 < len(title) <= 160:
        raise DomainError(_("A resource needs a title of at most 160 letters."), _("Say what it helps with."))
    if draft.kind not in Resource.Kind.values:
        raise DomainError(_("Choose what kind of resource it is."))
    text, url = draft.text.strip(), draft.url.strip()
    if len(text) > LONGEST:
        raise DomainError(_("This text is too long."), _("Make a course of it: each lesson may be as long."))
    has_file = draft.file is not None or bool(before and before.file)
    _must_hold(draft.kind, text=text, url=url, has_file=has_file)
    lessons = _lessons(draft.lessons, before) if draft.kind == Resource.Kind.COURSE else []
    minutes = draft.minutes if draft.minutes is not None else sum(one["minutes"] or 0 for one in lessons) or None
    if minutes is not None and not 0 < minutes <= 10_000:
        raise DomainError(_("Say in minutes how long it takes, at least one."))
    return {
        "title": title,
        "summary": " ".join(draft.summary.split())[:400],
        "minutes": minutes,
        "text": text,
        "url": url if draft.kind == Resource.Kind.LINK else "",
        "lessons": lessons,
        "note": " ".join(draft.note.split())[:400],
    }


def _must_hold(kind: str, *, text: str, url: str, has_file: bool) -> None:
    if kind == Resource.Kind.GUIDE and not text:
        raise DomainError(_("A guide needs its text."))
    if kind == Resource.Kind.FILE and not has_file:
        raise DomainError(_("Choose the file."))
    if kind == Resource.Kind.TEMPLATE and not (text or has_file):
        raise DomainError(_("A template needs its text, or a file."))
    if kind == Resource.Kind.LINK:
        try:
            _URL(url)
            host = urlsplit(url).hostname
        except Exception as error:
            raise DomainError(
                _("That is no address of a page."), _("Copy it whole, with https:// in front.")
            ) from error
        if not host or len(url) > 1000:
            raise DomainError(_("That is no address of a page."), _("Copy it whole, with https:// in front."))


def _lessons(drafts: Sequence[LessonDraft], before: ResourceVersion | None) -> list[dict[str, Any]]:
    """As they are kept. Only ids that this course gave are taken; every other lesson gets a new one."""
    fewest, most = LESSONS
    if not fewest <= len(drafts) <= most:
        raise DomainError(
            _("A course has %(fewest)d to %(most)d lessons.") % {"fewest": fewest, "most": most},
            _("A single lesson is a guide."),
        )
    known = _ids_of(before.resource) if before is not None else set()
    made: list[dict[str, Any]] = []
    for n, draft in enumerate(drafts, start=1):
        title, text = " ".join(draft.title.split())[:160], draft.text.strip()
        if not title or not text:
            raise DomainError(_("Lesson %(number)d needs a title and a text.") % {"number": n})
        if len(text) > LONGEST:
            raise DomainError(_("Lesson %(number)d is too long.") % {"number": n}, _("Make two of it."))
        if draft.minutes is not None and not 0 < draft.minutes <= 1_000:
            raise DomainError(_("Say in minutes how long it takes, at least one."))
        ident = draft.id if draft.id in known else str(new_id())
        known.discard(ident)
        made.append({"id": ident, "title": title, "minutes": draft.minutes, "text": text})
    return made


def _ids_of(resource: Resource) -> set[str]:
    """Of all lessons that the course ever had."""
    rows = resource.versions.values_list("lessons", flat=True)
    return {lesson["id"] for lessons in rows for lesson in lessons}
