"""A lesson, finishing, rating."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.resources.models import Completion, LessonDone, Rating
from milepost.foundation.common.errors import NotAllowed
from milepost.foundation.common.markdown import render as markdown
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from . import rows
from .forms import RatingForm
from .reading import find


def _member(request: Request) -> Person:
    person = request.actor.person
    assert person is not None
    person.community = request.actor.community
    return person


@route("resources.view")
def lesson(request: Request, resource: str, lesson: uuid.UUID) -> HttpResponse:
    """One lesson; sent, it is done, and the next one follows. With `back`, it is not done after all."""
    actor, found = request.actor, find(request, resource)
    course = found.version_in_force()
    this = course.lesson(lesson) if course else None
    if course is None or this is None:
        raise Http404
    here = rows.address(actor.community, found.slug)
    ids = course.lesson_ids
    place = ids.index(this["id"])
    if request.method == "POST":
        if not can(actor, "resources.finish"):
            raise NotAllowed(_("Only members keep track of their lessons here."))
        if "back" in request.POST:
            found.take_back(by=_member(request), lesson=lesson)
            return redirect(f"{here}lessons/{lesson}/")
        if found.finish_lesson(lesson=lesson, by=_member(request)):
            messages.success(request, _("You have finished “%(title)s”. Well done!") % {"title": found.title})
            return redirect(here)
        following = ids[place + 1] if place + 1 < len(ids) else ""
        return redirect(f"{here}lessons/{following}/" if following else here)
    done = (
        actor.person is not None
        and LessonDone.objects.filter(resource=found, person=actor.person, lesson=lesson).exists()
    )
    titles = {one["id"]: one["title"] for one in course.lessons}
    return render(
        request,
        "web/resources/lesson.html",
        {
            "resource": found,
            "lesson": this,
            "text": markdown(this["text"], top=2),
            "number": place + 1,
            "count": len(ids),
            "duration": rows.duration(this["minutes"]) if this["minutes"] else "",
            "done": done,
            "may_finish": can(actor, "resources.finish") and found.is_published,
            "previous": {"url": f"../{ids[place - 1]}/", "label": titles[ids[place - 1]]} if place else None,
            "following": {"url": f"../{ids[place + 1]}/", "label": titles[ids[place + 1]]}
            if place + 1 < len(ids)
            else None,
        },
    )


@require_POST
@route("resources.finish")
def completion(request: Request, resource: str) -> HttpResponse:
    """The reader has finished it; with `back`, not after all."""
    found, person = find(request, resource), _member(request)
    if "back" in request.POST:
        found.take_back(by=person)
        messages.success(request, _("Taken back. You can say it again whenever it is so."))
    else:
        found.finish(by=person)
        messages.success(request, _("Noted: you have finished “%(title)s”.") % {"title": found.title})
    return redirect(rows.address(request.actor.community, found.slug))


@route("resources.rate")
def rating(request: Request, resource: str) -> HttpResponse:
    """How much it helped, and why; with `remove`, the reader's rating goes."""
    found, person = find(request, resource), _member(request)
    here = rows.address(request.actor.community, found.slug)
    if not Completion.objects.filter(resource=found, person=person).exists():
        messages.info(request, _("Say first that you have finished it: a rating helps most from someone who has."))
        return redirect(here)
    if request.method == "POST" and "remove" in request.POST:
        found.unrate(by=person)
        messages.success(request, _("Your rating is gone."))
        return redirect(here)
    before = Rating.objects.filter(resource=found, person=person).first()
    initial = {"stars": before.stars, "comment": before.comment} if before else {}
    form = RatingForm(request.POST or None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: found.rate(by=person, **form.cleaned_data))
    ):
        messages.success(request, _("Thank you. Others choose better now."))
        return redirect(here)
    context = {"form": form, "resource": found, "before": before}
    return render(request, "web/resources/rate.html", context, status=422 if form.errors else 200)
