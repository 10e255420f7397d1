"""Who asks: a personal token, in its own community, with the scopes that it was given."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security.base import AuthBase

from milepost.foundation.identity.access import Actor, can, permissions
from milepost.foundation.identity.models import ApiToken, Membership

from . import rates
from .problems import Problem, not_found


class Asked(HttpRequest):
    """A request that a token may make."""

    token: ApiToken
    actor: Actor
    rate: rates.Rate


class Token(AuthBase):
    """The door of one operation, before anything of the body is read.

    `permission` is what the operation needs: of the token as a scope, and of its account by role. An operation without one
    says in `open_because` why any token may. `media` is the type of body that it takes.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_bearerFormat = "mp_…"  # noqa: N815 - OpenAPI's spelling

    def __init__(self, permission: str, *, writes: bool = False, media: str = "", open_because: str = "") -> None:
        self.permission, self.open_because = permission, open_because
        self.writes, self.media = writes, media
        super().__init__()

    def __call__(self, request: Any) -> Any:
        token = _token(request)
        request.token = token
        request.rate = rates.count_token(str(token.pk), writes=self.writes)
        token.used()
        community = token.community
        slug = request.resolver_match.kwargs.get("slug", community.slug)
        if slug != community.slug or community.archived_at is not None:
            # One answer for what is not there and for what belongs to others.
            raise not_found()
        request.actor = actor = Actor(
            community=community,
            account=token.account,
            membership=Membership.objects.of(token.account, community),
            scopes=frozenset(token.scopes),
        )
        if self.permission and not can(actor, self.permission):
            raise _refusal(actor, self.permission)
        if self.media and request.content_type != self.media:
            raise Problem("media-type", _("Send the body as %(media)s.") % {"media": self.media})
        return token


def _token(request: HttpRequest) -> ApiToken:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    challenge = 'Bearer realm="Milepost"'
    if scheme.lower() == "bearer" and secret:
        token = ApiToken.find(secret.strip())
        if token is not None:
            return token
        challenge += ', error="invalid_token"'
    raise Problem(
        "no-token",
        hint=_("Make a token in your settings and send it as “Authorization: Bearer mp_…”."),
        headers={"WWW-Authenticate": challenge},
    )


def _refusal(actor: Actor, permission: str) -> Problem:
    if permission not in (actor.scopes or ()):
        return Problem(
            "not-allowed",
            _("This token lacks the scope “%(scope)s”.") % {"scope": permission},
            _("Make another token that has it."),
            scope=permission,
            headers={"WWW-Authenticate": f'Bearer realm="Milepost", error="insufficient_scope", scope="{permission}"'},
        )
    if actor.membership is None:
        # Whoever left, or was never here, learns nothing.
        return not_found()
    return Problem(
        "not-allowed",
        _("Your role here does not include this: %(what)s.") % {"what": permissions()[permission].label},
        _("A steward can do it, or give you a role that may."),
    )
