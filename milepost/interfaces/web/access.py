"""The way into a page: finds the community and who asks, checks the permission, and only then calls the view."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, Concatenate

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.prepared import columns, made, prepared
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Community, Membership, Person


class Request(HttpRequest):
    """A request to a page of a community."""

    actor: Actor
    htmx: Any


def actor_for(request: HttpRequest, community: Community) -> Actor:
    if not request.user.is_authenticated:
        return Actor(community=community)
    account = request.user
    return Actor(community=community, account=account, membership=_membership(account.pk, community))


# Every page begins with these two, so their SQL is made once.
@prepared
def _communities(*, slug: str) -> QuerySet[Any, dict[str, Any]]:
    found: QuerySet[Any, Any] = Community.objects.filter(slug=slug, archived_at__isnull=True)
    return found.values(*columns(Community))


@prepared
def _memberships(*, account: uuid.UUID, community: uuid.UUID) -> QuerySet[Any, dict[str, Any]]:
    found: QuerySet[Any, Any] = Membership.objects.held_by(account, community)
    return found.values(*columns(Membership), *columns(Person, "person__"))


def _community(slug: str) -> Community | None:
    return next((made(Community, row) for row in _communities(slug=slug)), None)


def _membership(account: uuid.UUID, community: Community) -> Membership | None:
    for row in _memberships(account=account, community=community.pk):
        membership = made(Membership, row)
        membership.person = made(Person, row, "person__")
        return membership
    return None


def route[**P](
    permission: str,
) -> Callable[[Callable[Concatenate[Request, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """State a page's permission. The view gets `request.actor`; its address has the community's `slug`.

    A visitor is asked to sign in; a signed-in stranger sees that there is nothing for them (404, so that nothing is
    learned about closed communities; 403 where the community itself is open to them). A DomainError becomes a notice on the
    page that the form was sent from.
    """

    def decorate(view: Callable[Concatenate[Request, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def page(request: Any, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            community = _community(slug)
            if community is None:
                raise Http404
            request.actor = actor = actor_for(request, community)
            if not can(actor, permission):
                return _refuse(request, actor)
            try:
                return view(request, *args, **kwargs)
            except NotAllowed as error:
                raise PermissionDenied(str(error)) from error
            except DomainError as error:
                if request.method != "POST":
                    raise Http404(str(error)) from error
                messages.error(request, str(error))
                return redirect(request.headers.get("referer") or f"/c/{slug}/")

        page.permission = permission  # type: ignore[attr-defined]
        return page

    return decorate


def _refuse(request: HttpRequest, actor: Actor) -> HttpResponse:
    if actor.account is None:
        return redirect_to_login(request.get_full_path())
    if actor.membership is None:
        raise Http404
    raise PermissionDenied


def open_route(reason: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """State that a page is outside of any community, and why it needs no permission of one."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        view.open_because = reason  # type: ignore[attr-defined]
        return view

    return decorate
