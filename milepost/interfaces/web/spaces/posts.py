"""Single posts: the address that stays, changing, removing and bringing back, reactions, earlier versions."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.spaces import reading
from milepost.domain.spaces.models import Post
from milepost.domain.spaces.reacting import PALETTE
from milepost.foundation.common.markdown import excerpt
from milepost.foundation.identity.access import require
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.trying import accepted

from . import drawing
from .forms import EditForm
from .threads import address, crumbs


def find_post(request: Request, pk: uuid.UUID, *, removed: bool = False) -> Post:
    """The post, where the reader may read its space; `removed`: also one that was taken away."""
    community = request.actor.community
    posts = Post.objects.filter(community=community).select_related("thread", "space", "author")
    if not removed:
        posts = posts.filter(deleted_at__isnull=True, thread__deleted_at__isnull=True)
    post = get_object_or_404(posts, pk=pk)
    post.community = post.thread.community = post.space.community = community
    post.thread.space = post.space
    if not post.space.readable_by(request.actor):
        raise Http404
    return post


def place(post: Post) -> str:
    """Where the post stands now: the page of its thread."""
    number = reading.page_number(post)
    page = f"?page={number}" if number > 1 else ""
    return f"{address(post.thread)}{page}#post-{post.pk}"


@require_safe
@route("spaces.view")
def show(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    return redirect(place(find_post(request, pk)))


@route("posts.write")
def edit(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    post = find_post(request, pk)
    require(request.actor, "posts.edit", post)
    form = EditForm(request.POST or None, initial={"text": post.text})
    if (
        request.method == "POST"
        and form.is_valid()
        and accepted(form, lambda: post.edit(text=form.cleaned_data["text"], by=request.actor))
    ):
        return redirect(place(post))
    context = {"form": form, "thread": post.thread, "cancel_url": place(post)}
    context["crumbs"] = crumbs(request, post.space, post.thread)
    return render(request, "web/spaces/edit_post.html", context, status=422 if form.errors else 200)


@require_POST
@route("posts.write")
def delete(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """Remove at once; the page that follows offers to bring it back."""
    post = find_post(request, pk)
    number = reading.page_number(post)
    post.delete(by=request.actor)
    post.thread.refresh_from_db(fields=["deleted_at", "post_count"])
    if post.thread.deleted_at is not None:
        return redirect(f"/c/{request.actor.community.slug}/spaces/{post.space.slug}/?removed={post.pk}")
    return redirect(f"{address(post.thread)}?page={number}&removed={post.pk}#removed")


@require_POST
@route("posts.write")
def restore(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    post = find_post(request, pk, removed=True)
    post.restore(by=request.actor)
    return redirect(place(post))


@route("posts.react")
def react(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    """GET: the palette. POST: give the emoji, or take it back where it was given."""
    post = find_post(request, pk)
    emoji = request.POST.get("emoji", "")
    beside = reading.beside([reading.single(post.pk)], request.actor)
    own = beside.own.setdefault(post.pk, set())
    if request.method == "POST":
        if emoji in own:
            post.unreact(emoji=emoji, by=request.actor)
        else:
            post.react(emoji=emoji, by=request.actor)
        own ^= {emoji}
    view = drawing.View(actor=request.actor, beside=beside)
    if request.htmx:
        palette = PALETTE if request.method != "POST" else ()
        return HttpResponse(drawing.reactions(post.pk, post.reactions, view, True, palette))
    if request.method == "POST":
        return redirect(place(post))
    context = {
        "bar": drawing.reactions(post.pk, post.reactions, view, True, PALETTE),
        "crumbs": crumbs(request, post.space, post.thread),
        "excerpt": excerpt(post.text),
        "back": place(post),
        "act": True,
    }
    return render(request, "web/spaces/react.html", context)


@require_safe
@route("spaces.view")
def history(request: Request, pk: uuid.UUID) -> HttpResponseBase:
    post = find_post(request, pk)
    versions = post.revisions.order_by("-replaced_at").values("text", "replaced_at", "by__name")
    context = {
        "post": post,
        "versions": versions,
        "crumbs": crumbs(request, post.space, post.thread),
        "back": place(post),
    }
    return render(request, "web/spaces/history.html", context)
