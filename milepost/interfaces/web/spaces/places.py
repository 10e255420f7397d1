"""Spaces: all of them, one with its conversations, and what stewards set."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.spaces import reading, unread
from milepost.domain.spaces.models import Space, Thread
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web import cursors
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.times import figure
from milepost.interfaces.web.trying import accepted

from .forms import LetInForm, SpaceForm, served, serving
from .threads import crumbs, find_space, serves

SPACES, THREADS, PINNED = 50, 30, 10


# --- all of them ------------------------------------------------------------------------------------


@require_safe
@route("spaces.view")
def index(request: Request) -> HttpResponseBase:
    actor = request.actor
    shown = request.GET.get("show", "")
    words = request.GET.get("q", "").strip()[:100]
    spaces = Space.objects.visible_to(actor).filter(_group(shown))
    for word in words.split()[:5]:
        spaces = spaces.filter(Q(name__icontains=word) | Q(purpose__icontains=word))
    rows: Any = spaces.annotate(active_at=Coalesce("last_post_at", "created_at"), goal_title=F("goal__title"), goal_slug=F("goal__slug"), value_name=F("value__name")).values(
        "id", "slug", "name", "purpose", "kind", "post_count", "thread_count", "active_at",
        "goal_title", "goal_slug", "value_name", "last_post_at",
    )  # fmt: skip
    # Where people talk, the liveliest first; what is kept for reading, by name.
    order = ("name", "id") if shown else ("-active_at", "-id")
    page = cursors.turn(rows, order, request.GET, SPACES)
    new = unread.counts(actor)
    context = {
        "spaces": [_row(row, request, new) for row in page.rows],
        "leaf": page,
        "tabs": _tabs(shown),
        "shown": shown,
        "q": words,
        "unread": sum(new.values()),
        "may_write": can(actor, "spaces.write"),
        "filters": [{"name": "q", "label": _("Find a space"), "value": words, "type": "search"}],
        "may_start": can(actor, "threads.start"),
    }
    return render(request, "web/spaces/index.html", context)


def _group(shown: str) -> Q:
    """Where people talk now; what was brought along or is only read; what was put away."""
    if shown == "archived":
        return Q(archived_at__isnull=False)
    return Q(archived_at__isnull=True, read_only_at__isnull=shown != "history")


def _tabs(shown: str) -> list[dict[str, Any]]:
    names = {"": _("Where we talk"), "history": _("History"), "archived": _("Archived")}
    return [
        {"label": label, "url": f"?show={key}" if key else "?", "current": key == shown, "count": ""}
        for key, label in names.items()
    ]


def _row(row: dict[str, Any], request: Request, new: dict[Any, int]) -> dict[str, Any]:
    community = request.actor.community
    serves = row["goal_title"] or row["value_name"]
    return {
        "name": row["name"],
        "url": links.space(community, row["slug"]),
        "purpose": row["purpose"],
        "private": row["kind"] == Space.Kind.PRIVATE,
        "open": row["kind"] == Space.Kind.OPEN,
        "serves": serves,
        "serves_url": links.goal(community, row["goal_slug"]) if row["goal_slug"] else "",
        "threads": row["thread_count"],
        "last": row["last_post_at"],
        "new": new.get(row["id"], 0),
    }


@route("spaces.write")
def new(request: Request) -> HttpResponseBase:
    form = SpaceForm(request.POST or None, now=bearings(request.actor.community))
    made: list[Space] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def create() -> None:
            made.append(
                Space.create(
                    community=request.actor.community,
                    by=request.actor,
                    name=data["name"],
                    purpose=data["purpose"],
                    kind=data["kind"],
                    **served(data["serves"], request.actor.community),
                )
            )

        if accepted(form, create):
            return redirect(links.space(request.actor.community, made[0].slug))
    context = {"form": form, "crumbs": [{"label": _("Talk"), "url": f"{links.base(request.actor.community)}spaces/"}]}
    return render(request, "web/spaces/new.html", context, status=422 if form.errors else 200)


@require_POST
@route("posts.react")
def read_all(request: Request) -> HttpResponseBase:
    unread.mark_all_read(request.actor)
    return redirect(f"{links.base(request.actor.community)}spaces/")


# --- one --------------------------------------------------------------------------------------------


@require_safe
@route("spaces.view")
def show(request: Request, space: str) -> HttpResponseBase:
    place = find_space(request, space)
    actor = request.actor
    only, tag = request.GET.get("only", ""), request.GET.get("tag", "")
    threads: QuerySet[Thread] = Thread.objects.filter(space=place, deleted_at__isnull=True)
    if only == "new" and actor.membership is not None:
        threads = unread.with_marks(threads, actor.membership).filter(fresh_at__gt=F("read_to"))
    if tag:
        threads = threads.filter(tags__slug=tag)
    first_page = not ({"after", "before"} & request.GET.keys())
    pinned = (
        list(reading.thread_rows(threads.filter(pinned_at__isnull=False)).order_by("-pinned_at")[:PINNED])
        if first_page
        else []
    )
    page = cursors.turn(
        reading.thread_rows(threads.filter(pinned_at__isnull=True)), ("-last_post_at", "-id"), request.GET, THREADS
    )
    rows = [*pinned, *page.rows]
    new = unread.among(rows, place, actor)
    writable = place.takes_posts and can(actor, "threads.start")
    context = {
        "space": place,
        "crumbs": crumbs(request, place)[:1],
        "threads": [thread_row(row, request, place, row["id"] in new) for row in rows],
        "leaf": page,
        "serves": serves(actor, place),
        "chips": _chips(reading.tags_of(place), tag, only, actor.membership is not None),
        "filtered": bool(tag or only),
        "may_start": writable,
        "may_write": can(actor, "spaces.write"),
        "any_new": bool(new),
        "removed": request.GET.get("removed", "")[:40],
    }
    return render(request, "web/spaces/space.html", context)


def thread_row(row: dict[str, Any], request: Request, space: Space, new: bool) -> dict[str, Any]:
    replies = row["post_count"] - 1
    meta = [row["person_name"] or row["name"] or _("Someone")]
    if replies > 0:
        meta.append(ngettext("%(count)s reply", "%(count)s replies", replies) % {"count": figure(replies)})
    if serves := row["goal_title"] or row["value_name"]:
        meta.append(serves)
    badge = _("pinned") if row["pinned_at"] else _("closed") if row["closed_at"] else ""
    return {
        "title": row["title"],
        "url": links.thread(request.actor.community, space.slug, row["id"]),
        "meta": meta,
        "at": row["last_post_at"],
        "unread": new,
        "badge": badge,
        "badge_kind": "accent" if row["pinned_at"] else "",
    }


def _chips(tags: list[dict[str, Any]], tag: str, only: str, member: bool) -> list[dict[str, Any]]:
    chips: list[dict[str, Any]] = []
    if member:
        chips.append(
            {"label": _("New for me"), "url": "?" if only else "?only=new", "current": bool(only), "remove": bool(only)}
        )
    for one in tags:
        here = one["slug"] == tag
        chips.append(
            {"label": f"#{one['name']}", "url": "?" if here else f"?tag={one['slug']}", "current": here, "remove": here}
        )
    return chips


@require_POST
@route("posts.react")
def read(request: Request, space: str) -> HttpResponseBase:
    place = find_space(request, space)
    if request.actor.person is not None:
        unread.mark_spaces_read(Space.objects.filter(pk=place.pk), by=request.actor.person)
    return redirect(links.space(request.actor.community, place.slug))


# --- what stewards set ------------------------------------------------------------------------------


@route("spaces.write")
def settings(request: Request, space: str) -> HttpResponseBase:
    place = find_space(request, space)
    initial = {
        "name": place.name,
        "purpose": place.purpose,
        "kind": place.kind,
        "serves": serving(place.goal_id, place.value_id),
    }
    form = SpaceForm(request.POST or None, initial=initial, now=bearings(request.actor.community))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if accepted(
            form,
            lambda: place.change(
                by=request.actor,
                name=data["name"],
                purpose=data["purpose"],
                kind=data["kind"],
                **served(data["serves"], request.actor.community),
            ),
        ):
            messages.success(request, _("Saved."))
            return redirect(f"{links.space(request.actor.community, place.slug)}settings/")
        place.refresh_from_db()
    return render(
        request, "web/spaces/settings.html", _settings(request, place, form), status=422 if form.errors else 200
    )


def _settings(request: Request, place: Space, form: SpaceForm, let_in: LetInForm | None = None) -> dict[str, Any]:
    people = []
    if place.kind == Space.Kind.PRIVATE:
        rows = place.members.order_by("person__name").values(
            "person_id", "person__name", "person__handle", "person__account"
        )
        people = list(rows[:200])
    return {
        "space": place,
        "form": form,
        "let_in": let_in or LetInForm(),
        "people": people,
        "crumbs": crumbs(request, place),
        "here": links.space(request.actor.community, place.slug),
    }


@require_POST
@route("spaces.write")
def standing(request: Request, space: str) -> HttpResponseBase:
    """Read only or not, archived or not."""
    place = find_space(request, space)
    change = {
        "read-only": place.make_read_only,
        "writable": place.take_posts,
        "archive": place.archive,
        "unarchive": place.unarchive,
    }.get(request.POST.get("to", ""))
    if change is None:
        raise DomainError(_("A space cannot be made that."))
    change(by=request.actor)
    messages.success(request, _("Saved."))
    return redirect(f"{links.space(request.actor.community, place.slug)}settings/")


@require_POST
@route("spaces.write")
def people(request: Request, space: str) -> HttpResponseBase:
    """Let someone into a private space, or take someone out."""
    place = find_space(request, space)
    there = f"{links.space(request.actor.community, place.slug)}settings/#people"
    members = Person.objects.filter(community=request.actor.community)
    if gone := request.POST.get("remove", ""):
        person = get_object_or_404(place.members.select_related("person"), person=gone).person
        place.remove(person, by=request.actor)
        return redirect(there)
    form = LetInForm(request.POST)
    if form.is_valid():
        handle = form.cleaned_data["handle"].strip().removeprefix("@").lower()
        found = members.listed().filter(handle=handle).first()
        if found is None:
            form.add_error("handle", _("Nobody here is called @%(handle)s.") % {"handle": handle})
        elif accepted(form, lambda: place.add(found, by=request.actor)):
            return redirect(there)
    now = bearings(request.actor.community)
    initial = {"name": place.name, "purpose": place.purpose, "kind": place.kind}
    context = _settings(request, place, SpaceForm(initial=initial, now=now), form)
    return render(request, "web/spaces/settings.html", context, status=422)
