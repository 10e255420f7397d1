"""The list of segments, one of them, and writing them."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from milepost.engines.segments import listing, looking
from milepost.engines.segments.models import Segment
from milepost.foundation.conditions import Invalid
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted

from .editor import RuleEditor
from .forms import BringForm, CompareForm, SegmentForm

SHOWN = 50
"""People on one page."""


def find(request: Request, segment: str) -> Segment:
    found = Segment.objects.filter(community=request.actor.community, slug=segment).select_related("community").first()
    if found is None:
        raise Http404
    found.community = request.actor.community
    return found


def _crumbs(request: Request, segment: Segment | None = None) -> list[dict[str, str]]:
    base = links.base(request.actor.community)
    crumbs = [{"label": _("Desk"), "url": f"{base}desk/"}, {"label": _("Segments"), "url": f"{base}segments/"}]
    if segment is not None:
        crumbs.append({"label": segment.name, "url": f"{base}segments/{segment.slug}/"})
    return crumbs


@route("segments.view")
def index(request: Request) -> HttpResponseBase:
    community = request.actor.community
    found = list(Segment.objects.filter(community=community))
    spark = looking.recent_sizes(found)
    rows = [
        {
            "segment": one,
            "size": looking.told_size(one),
            "spark": spark.get(one.pk, []) if not one.is_sensitive else [],
        }
        for one in found
        if one.retired_at is None
    ]
    context = {
        "rows": rows,
        "retired": [one for one in found if one.retired_at is not None],
        "may_write": can(request.actor, "segments.write"),
        "crumbs": _crumbs(request)[:1],
    }
    return render(request, "web/segments/index.html", context)


@route("segments.view")
def segment(request: Request, segment: str) -> HttpResponseBase:
    found = find(request, segment)
    others = Segment.objects.kept().filter(community=found.community, is_sensitive=False).exclude(pk=found.pk)
    people, after = _a_page(looking.people_of(found), request) if not found.is_sensitive else ([], "")
    sizes = looking.sizes(found) if not found.is_sensitive else []
    context: dict[str, Any] = {
        "segment": found,
        "size": looking.told_size(found),
        "says": _says(found),
        "people": _faces(people, found),
        "next_url": f"?after={after}" if after else "",
        "sizes": sizes,
        "spark": [size for _day, size in sizes],
        "size_rows": [[day.isoformat(), size] for day, size in reversed(_changes(sizes))],
        "moves": looking.came_and_went(found) if not found.is_sensitive else [],
        "compare": CompareForm(others=others) if others.exists() and not found.is_sensitive else None,
        "bring": BringForm() if found.is_list else None,
        "may_write": can(request.actor, "segments.write"),
        "crumbs": _crumbs(request),
    }
    return render(request, "web/segments/segment.html", context)


def _says(found: Segment) -> str:
    try:
        return "" if found.is_list else found.condition().explain()
    except Invalid as invalid:
        return str(invalid)


def _changes(sizes: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """The days on which it was of another size than the day before."""
    return [one for n, one in enumerate(sizes) if n == 0 or one[1] != sizes[n - 1][1]]


def _a_page(people: QuerySet[Person], request: Request) -> tuple[list[Person], str]:
    """People by name, from behind the one whom the address names; and the last one's place where there are more."""
    name, mark, pk = request.GET.get("after", "").rpartition("~")
    rows = people.select_related("profile")
    if mark:
        rows = rows.filter(name__gte=name).exclude(name=name, pk__lte=pk) if _is_id(pk) else rows
    found = list(rows[: SHOWN + 1])
    if len(found) <= SHOWN:
        return found, ""
    last = found[SHOWN - 1]
    return found[:SHOWN], quote(f"{last.name}~{last.pk}")


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _faces(people: list[Person], found: Segment) -> list[dict[str, Any]]:
    return [
        {"id": one.pk, "name": one.name, "url": links.person(found.community, one.pk, one.handle)} for one in people
    ]


# --- writing ------------------------------------------------------------------------------------------------


@route("segments.write")
def new(request: Request) -> HttpResponseBase:
    return _write(request, None, is_list=False)


@route("segments.write")
def new_list(request: Request) -> HttpResponseBase:
    return _write(request, None, is_list=True)


@route("segments.write")
def edit(request: Request, segment: str) -> HttpResponseBase:
    found = find(request, segment)
    return _write(request, found, is_list=found.is_list)


def _write(request: Request, found: Segment | None, *, is_list: bool) -> HttpResponseBase:
    community, by = request.actor.community, request.actor.person
    posted = request.method == "POST"
    owner = (Segment.KEY, found.slug) if found else None
    if posted:
        editor = RuleEditor.posted(request.POST, community, owner=owner, optional=is_list)
    else:
        editor = RuleEditor(community, found.rule if found else None, owner=owner, optional=is_list)
    keeps = posted and not editor.is_acting
    initial = {"name": found.name, "about": found.about} if found else {}
    if editor.is_acting:
        initial = {name: request.POST.get(name, "") for name in ("name", "about")}
    form = SegmentForm(request.POST if keeps else None, initial=initial)
    if keeps and form.is_valid() and (is_list or editor.is_valid):
        rule = None if is_list else editor.tree
        made: list[Segment] = []

        def save() -> None:
            if found is None:
                made.append(Segment.define(community=community, by=by, rule=rule, **form.cleaned_data))
            else:
                found.change(by=by, rule=rule, **form.cleaned_data)

        if accepted(form, save):
            kept = found or made[0]
            messages.success(request, _("Kept. Who is in it is worked out now."))
            return redirect("segment", community.slug, kept.slug)
    context = {"form": form, "segment": found, "is_list": is_list, "crumbs": _crumbs(request, found)}
    return editor.answer(request, "web/segments/edit.html", context)


@require_POST
@route("segments.write")
def retire(request: Request, segment: str) -> HttpResponseBase:
    found = find(request, segment)
    if found.retired_at is None:
        found.retire(by=request.actor.person)
        messages.success(request, _("“%(name)s” is put away. You can take it up again.") % {"name": found.name})
    else:
        found.take_up(by=request.actor.person)
        messages.success(request, _("“%(name)s” is kept again.") % {"name": found.name})
    return redirect("segments", found.community.slug)


@require_POST
@route("segments.write")
def bring(request: Request, segment: str) -> HttpResponseBase:
    found = find(request, segment)
    form = BringForm(request.POST)
    if form.is_valid():
        brought = listing.bring(segment=found, text=form.cleaned_data["people"], by=request.actor.person)
        said = ngettext("%(n)d member is new on the list.", "%(n)d members are new on the list.", brought.added)
        messages.success(request, said % {"n": brought.added})
        if brought.unknown:
            context = {"segment": found, "brought": brought, "crumbs": _crumbs(request, found)}
            return render(request, "web/segments/brought.html", context)
    else:
        messages.error(request, _("Write at least one line."))
    return redirect("segment", found.community.slug, found.slug)


@require_POST
@route("segments.write")
def take_off(request: Request, segment: str) -> HttpResponseBase:
    found = find(request, segment)
    ids = [pk for pk in request.POST.getlist("person") if _is_id(pk)]
    people = list(Person.objects.filter(community=found.community, pk__in=ids))
    gone = listing.take_off(segment=found, people=people, by=request.actor.person)
    messages.success(
        request, ngettext("%(n)d member is off the list.", "%(n)d members are off the list.", gone) % {"n": gone}
    )
    return redirect("segment", found.community.slug, found.slug)


# --- comparing ------------------------------------------------------------------------------------------------


@route("segments.view")
def compare(request: Request, segment: str) -> HttpResponseBase:
    one = find(request, segment)
    other = find(request, request.GET.get("other", ""))
    if one.is_sensitive or other.is_sensitive:
        raise Http404
    which = request.GET.get("who", "both")
    if which not in {"one", "other", "both"}:
        raise Http404
    found = looking.compare(one, other)
    people, after = _a_page(looking.difference(one, other, which), request)
    here = f"?other={other.slug}&who="
    context = {
        "one": one,
        "other": other,
        "found": found,
        "people": _faces(people, one),
        "next_url": f"{here}{which}&after={after}" if after else "",
        "tabs": [
            {"label": _("In both"), "url": f"{here}both", "current": which == "both", "count": found.both},
            {"label": _("Only in “%(name)s”") % {"name": one.name}, "url": f"{here}one", "current": which == "one",
             "count": found.only_one},
            {"label": _("Only in “%(name)s”") % {"name": other.name}, "url": f"{here}other", "current": which == "other",
             "count": found.only_other},
        ],
        "crumbs": _crumbs(request, one),
    }  # fmt: skip
    return render(request, "web/segments/compare.html", context)
