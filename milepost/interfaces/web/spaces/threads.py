"""Conversations: begin one, read it page by page, answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.spaces import reading, rendering, unread
from milepost.domain.spaces.models import Post, Space, Thread
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.markdown import excerpt
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted

from . import drawing
from .forms import PostForm, ThreadForm, served


def find_space(request: Request, slug: str) -> Space:
    space = get_object_or_404(Space, community=request.actor.community, slug=slug)
    space.community = request.actor.community
    if not space.readable_by(request.actor):
        raise Http404
    return space


def find_thread(request: Request, pk: uuid.UUID) -> Thread:
    community = request.actor.community
    threads = Thread.objects.filter(community=community, deleted_at__isnull=True).select_related("space", "author")
    thread = get_object_or_404(threads, pk=pk)
    # Nobody needs to load again what the request has.
    thread.community = thread.space.community = community
    if not thread.space.readable_by(request.actor):
        raise Http404
    return thread


def address(thread: Thread) -> str:
    return f"/c/{thread.community.slug}/spaces/{thread.space.slug}/{thread.pk}/"


@route("threads.start")
def new(request: Request, space: str) -> HttpResponseBase:
    place = find_space(request, space)
    form = ThreadForm(request.POST or None, request.FILES or None, now=bearings(request.actor.community))
    if request.method == "POST" and form.is_valid():
        made: list[Thread] = []

        def start() -> None:
            data = form.cleaned_data
            made.append(
                Thread.start(
                    space=place,
                    by=request.actor,
                    title=data["title"],
                    text=data["text"],
                    tags=data["tags"],
                    files=data["attached"],
                    post_id=data["post_id"],
                    **served(data["serves"], request.actor.community),
                )
            )

        if accepted(form, start):
            return redirect(address(made[0]))
    context = {"form": form, "space": place, "crumbs": crumbs(request, place)}
    return render(request, "web/spaces/start.html", context, status=422 if form.errors else 200)


def crumbs(request: Request, space: Space, thread: Thread | None = None) -> list[dict[str, str]]:
    base = links.base(request.actor.community)
    there = [{"label": _("Talk"), "url": f"{base}spaces/"}, {"label": space.name, "url": f"{base}spaces/{space.slug}/"}]
    if thread is not None:
        there.append({"label": thread.title, "url": f"{base}spaces/{space.slug}/{thread.pk}/"})
    return there


@require_safe
@route("spaces.view")
def show(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    if thread.space.slug != space:
        # It was moved; the address follows.
        return redirect(address(thread), permanent=False)
    page = reading.page_of(thread, _number(request.GET.get("page", "1")))
    context = _conversation(request, thread, page) | {"answering": _answering(request, thread)}
    context["removed"] = request.GET.get("removed", "") if _is_uuid(request.GET.get("removed", "")) else ""
    return render(request, "web/spaces/thread.html", context)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 1


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _conversation(request: Request, thread: Thread, page: reading.PostPage) -> dict[str, Any]:
    actor = request.actor
    # By id: what is rendered is kept, and a handle may change.
    rendering.fill(page.posts, lambda person, _handle: links.person(actor.community, person))
    may_reply = can(actor, "posts.write") and thread.space.takes_posts and thread.closed_at is None
    beside = reading.beside(page.posts, actor, thread)
    view = drawing.View(actor=actor, beside=beside, may_reply=may_reply, page=page.number)
    view.read_to = unread.read_to(thread, actor)
    last = page.posts[-1] if page.posts else None
    return {
        "thread": thread,
        "space": thread.space,
        "crumbs": crumbs(request, thread.space),
        "posts": drawing.posts(page.posts, view),
        "leaf": page,
        "numbers": numbers(page),
        "first_gone": _first_is_gone(thread, page),
        "tags": beside.tags,
        "serves": serves(actor, thread),
        "space_serves": serves(actor, thread.space),
        "may_reply": may_reply,
        "may_join": actor.membership is None,
        "may_tend": at_least(actor, "moderator"),
        "may_edit": thread.begun_by(actor) or at_least(actor, "moderator"),
        "act": True,
        "seen": last["id"] if last and view.read_to and last["posted_at"] > view.read_to else None,
        "here": address(thread),
        "post_id": new_id(),
    }


def serves(actor: Actor, what: Thread | Space) -> list[dict[str, str]]:
    """Goal and value that a thread or a space serves, by what every page knows of the community."""
    found = []
    if what.goal_id or what.value_id:
        now = bearings(actor.community)
        for goal in now.goals:
            if goal.id == what.goal_id:
                found.append({"icon": "flag", "label": goal.title, "url": links.goal(actor.community, goal.slug)})
        if value := now.value(what.value_id):
            found.append({"icon": "heart", "label": value.name, "url": f"{links.base(actor.community)}mission/"})
    return found


def _first_is_gone(thread: Thread, page: reading.PostPage) -> bool:
    if page.number > 1 or not page.posts or page.posts[0]["posted_at"] == thread.started_at:
        return False
    return reading.first_is_gone(thread)


def _answering(request: Request, thread: Thread) -> dict[str, Any] | None:
    """The post that the form answers, if the address names one."""
    wanted = request.POST.get("reply_to") or request.GET.get("reply", "")
    if not _is_uuid(wanted):
        return None
    answered = thread.posts.filter(pk=wanted, deleted_at__isnull=True)
    row = answered.values("id", "text", name=F("author__name"), person_name=F("author__person__name")).first()
    if row is None:
        return None
    return {"id": row["id"], "name": drawing.author_name(row), "text": excerpt(row["text"], 90)}


def numbers(page: reading.PostPage) -> list[int | None]:
    """Page numbers to show: the first, the last, those around; None where some are left out."""
    wanted = sorted({1, page.count, *range(page.number - 2, page.number + 3)} & set(range(1, page.count + 1)))
    shown: list[int | None] = []
    for number in wanted:
        if shown and isinstance(shown[-1], int) and number - shown[-1] > 1:
            shown.append(None)
        shown.append(number)
    return shown


@require_POST
@route("posts.write")
def reply(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    thread = find_thread(request, pk)
    form = PostForm(request.POST, request.FILES)
    made: list[Post] = []
    if form.is_valid():
        data = form.cleaned_data
        answered = (
            thread.posts.filter(pk=data["reply_to"]).select_related("author").first() if data["reply_to"] else None
        )

        def post() -> None:
            made.append(
                thread.reply(
                    text=data["text"],
                    by=request.actor,
                    reply_to=answered,
                    files=data["attached"],
                    post_id=data["post_id"],
                )
            )

        if accepted(form, post):
            return _posted(request, thread, made[0])
    return _not_posted(request, thread, form)


def _posted(request: Request, thread: Thread, post: Post) -> HttpResponseBase:
    there = f"/c/{request.actor.community.slug}/posts/{post.pk}/"
    thread.refresh_from_db(fields=["post_count"])
    shown = _number(request.POST.get("page", "1"))
    if not request.htmx:
        return redirect(there)
    if shown != reading.page_number(post):
        # It stands on another page than the one that is open.
        return HttpResponse(headers={"HX-Redirect": there})
    page = [reading.single(post.pk)]
    rendering.fill(page, lambda person, _handle: links.person(request.actor.community, person))
    beside = reading.beside(page, request.actor)
    view = drawing.View(actor=request.actor, beside=beside, may_reply=True, page=shown)
    context = {
        "posts": drawing.posts(page, view),
        "post_id": new_id(),
        "here": address(thread),
        "leaf": {"number": shown},
        "thread": thread,
        "swap": True,
    }
    response = render(request, "web/spaces/posted.html", context)
    response["HX-Trigger"] = json.dumps({"announce": str(_("Your reply is posted"))})
    return response


def _not_posted(request: Request, thread: Thread, form: PostForm) -> HttpResponseBase:
    answering = _answering(request, thread)
    shown = _number(request.POST.get("page", "1"))
    if request.htmx:
        context = {"form": form, "here": address(thread), "leaf": {"number": shown}, "answering": answering}
        context["post_id"] = new_id()
        response = render(request, "web/spaces/reply.html", context)
        response["HX-Retarget"], response["HX-Reswap"] = "#reply", "outerHTML"
        return response
    context = _conversation(request, thread, reading.page_of(thread, shown)) | {"form": form, "answering": answering}
    return render(request, "web/spaces/thread.html", context, status=422)


@require_POST
@route("posts.react")
def seen(request: Request, space: str, pk: uuid.UUID) -> HttpResponseBase:
    """What the reader has seen, told by the page itself, so that reading one writes nothing."""
    thread = find_thread(request, pk)
    last = request.POST.get("last", "")
    if request.actor.person is not None and _is_uuid(last):
        unread.mark_seen(thread, by=request.actor.person, last=uuid.UUID(last))
    if request.htmx:
        return HttpResponse(status=204)
    return HttpResponseRedirect(address(thread))
