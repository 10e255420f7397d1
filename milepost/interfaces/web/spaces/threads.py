"""Conversations: begin one, read it page by page, answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.spaces import reading, rendering, unread
from milepost.domain.spaces.models import Post, Space, Thread
from milepost.engines.milestones.bearings import bearings
from milepost.foundation.common.markdown import excerpt
from milepost.foundation.identity.access import Actor, at_least, can
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted

from . import drawing
from .forms import PostForm, ThreadForm, served


def find_space(request: Request, slug: str) -> Space:
    return get_object_or_404(
        Space.objects.visible_to(request.actor).select_related("goal", "value", "community"), slug=slug
    )


def find_thread(request: Request, pk: uuid.UUID, *, marks: bool = False) -> Thread:
    threads: QuerySet[Thread] = Thread.objects.visible_to(request.actor).select_related(
        "space", "author", "goal", "value", "community"
    )
    if marks and request.actor.membership is not None:
        threads = unread.with_marks(threads, request.actor.membership)
    return get_object_or_404(threads, pk=pk)


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
    thread = find_thread(request, pk, marks=True)
    if thread.space.slug != space:
        # It was moved; the address follows.
        return redirect(address(thread), permanent=False)
    page = reading.page_of(thread, _number(request.GET.get("page", "1")))
    form = PostForm(initial={"reply_to": request.GET.get("reply", "")})
    context = _conversation(request, thread, page) | {"form": form, "answering": _answering(request, thread)}
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
    rendering.fill(page.posts, lambda person, handle: links.person(actor.community, person, handle))
    may_reply = can(actor, "posts.write") and thread.space.takes_posts and thread.closed_at is None
    view = view_of(actor, page.posts, may_reply=may_reply, page=page.number)
    view.read_to = _unread_from(thread)
    last = page.posts[-1] if page.posts else None
    return {
        "thread": thread,
        "space": thread.space,
        "crumbs": crumbs(request, thread.space),
        "posts": drawing.posts(page.posts, view),
        "leaf": page,
        "numbers": numbers(page),
        "first_gone": _first_is_gone(thread, page),
        "tags": thread.tags.all(),
        "may_reply": may_reply,
        "may_join": actor.membership is None,
        "may_tend": at_least(actor, "moderator"),
        "may_edit": thread.begun_by(actor) or at_least(actor, "moderator"),
        "act": True,
        "seen": last["id"] if last and view.read_to and last["posted_at"] > view.read_to else None,
        "here": address(thread),
    }


def _first_is_gone(thread: Thread, page: reading.PostPage) -> bool:
    if page.number > 1 or not page.posts or page.posts[0]["posted_at"] == thread.started_at:
        return False
    return reading.first_is_gone(thread)


def view_of(actor: Actor, posts: list[dict[str, Any]], *, may_reply: bool, page: int) -> drawing.View:
    ids = [row["id"] for row in posts]
    return drawing.View(
        actor=actor,
        own=reading.own_reactions([row["id"] for row in posts if row["reactions"]], actor),
        files=reading.attachments(ids),
        may_reply=may_reply,
        page=page,
    )


def _unread_from(thread: Thread) -> Any:
    """From when on posts are new to the reader; None where nothing is."""
    read_to = getattr(thread, "read_to", None)
    return read_to if read_to and thread.fresh_at and thread.fresh_at > read_to else None


def _answering(request: Request, thread: Thread) -> dict[str, Any] | None:
    """The post that the form answers, if the address names one."""
    wanted = request.POST.get("reply_to") or request.GET.get("reply", "")
    if not _is_uuid(wanted):
        return None
    row = reading.rows(thread.posts.filter(pk=wanted, deleted_at__isnull=True)).first()
    return {"id": row["id"], "name": drawing.author_name(row), "text": excerpt(row["text"], 90)} if row else None


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
                    post_id=form.wanted_id(),
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
    page = list(reading.rows(Post.objects.filter(pk=post.pk)))
    rendering.fill(page, lambda person, handle: links.person(request.actor.community, person, handle))
    view = view_of(request.actor, page, may_reply=True, page=shown)
    context = {
        "posts": drawing.posts(page, view),
        "form": PostForm(),
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
