"""The list of people: filters and order in the address, page by page from a cursor."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import BooleanField, Case, F, Q, QuerySet, When
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.engines.milestones.bearings import SECONDS
from milepost.foundation.common import clock
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Community, Membership, Person
from milepost.foundation.identity.roles import Role
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import links
from milepost.interfaces.web.home.words import joined
from milepost.interfaces.web.times import figure

PAGE = 30
SINCE = {"30": 30, "90": 90, "365": 365}
"""Days."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; whatever it cannot mean is left out."""

    q: str
    kind: str
    role: str
    audience: str
    since: str
    state: str
    sort: str

    @classmethod
    def read(cls, query: QueryDict) -> Filters:
        def one_of(name: str, known: Any) -> str:
            return value if (value := query.get(name, "")) in known else ""

        return cls(
            q=" ".join(query.get("q", "").replace("\0", "").split())[:80],
            kind=one_of("kind", {"organisations"}),
            role=one_of("role", Role.values),
            audience=one_of("audience", Membership.Audience.values),
            since=one_of("since", SINCE),
            state=one_of("state", {"paused"}),
            sort=one_of("sort", {"newest", "longest"}),
        )

    @property
    def narrow(self) -> bool:
        return any((self.q, self.role, self.audience, self.since, self.state))

    @property
    def by_membership(self) -> bool:
        """Whether the membership's indexes find the rows sooner: by the day of joining, or a role that few have."""
        return bool(self.sort) or self.role not in {"", Role.MEMBER}


@require_safe
@route("people.view")
def page(request: Request) -> HttpResponse:
    community = request.actor.community
    filters = Filters.read(request.GET)
    found = _found(community, filters)
    order = {
        "": ("the_name", "ident"),
        "newest": ("-the_joined_at", "-ident"),
        "longest": ("the_joined_at", "ident"),
    }[filters.sort]
    people = turn(found, order, request.GET, PAGE)
    context = {
        "people": [_row(community, row, by_day=bool(filters.sort)) for row in people.rows],
        "page": people,
        "count": _said(_count(community, filters), filters),
        "count_url": links.definition(community, "people"),
        "filters": _toolbar(filters),
        "clear_url": request.path if filters.narrow or filters.sort else "",
        "tabs": _tabs(request.path, filters),
        "narrow": filters.narrow,
        "organisations": bool(filters.kind),
        "may_invite": can(request.actor, "people.invite"),
    }
    template = "web/people/list.html"
    return render(request, f"{template}#found" if request.headers.get("hx-target") == "found" else template, context)


def _found(community: Community, filters: Filters) -> QuerySet[Any, dict[str, Any]]:
    """`values()` of people or of memberships, under the same names (which neither model has: annotations must be new)."""
    to_person, to_membership = ("person__", "") if filters.by_membership else ("", "membership__")
    model: Any = Membership if filters.by_membership else Person
    narrowed = Q(community=community, **{f"{to_membership}left_at__isnull": True})
    narrowed &= _narrowed(filters, to_person, to_membership)
    listed = Q(**{f"{to_person}merged_into__isnull": True, f"{to_person}erased_at__isnull": True})
    if filters.kind:
        listed &= Q(**{f"{to_person}kind": Person.Kind.ORGANISATION})
    else:
        listed &= Q(**{f"{to_person}account__isnull": False, f"{to_person}kind": Person.Kind.HUMAN})
    if filters.by_membership:
        # As a case it has no index: the membership's, which has the order, is the one to use.
        narrowed &= Q(Case(When(listed, then=True), default=False, output_field=BooleanField()))
    else:
        narrowed &= listed & Q(membership__isnull=False)
    found: QuerySet[Any, dict[str, Any]] = model.objects.filter(narrowed).values(
        ident=F(f"{to_person}id" if to_person else "pk"),
        the_name=F(f"{to_person}name"),
        the_handle=F(f"{to_person}handle"),
        the_headline=F(f"{to_person}profile__headline"),
        the_photo=F(f"{to_person}profile__photo"),
        the_role=F(f"{to_membership}role"),
        the_joined_at=F(f"{to_membership}joined_at"),
        the_paused_at=F(f"{to_membership}paused_at"),
    )
    return found


def _narrowed(filters: Filters, to_person: str, to_membership: str) -> Q:
    narrowed = Q()
    for word in filters.q.split()[:8]:
        narrowed &= Q(**{f"{to_person}name__icontains": word}) | Q(
            **{f"{to_person}handle__icontains": word.removeprefix("@")}
        )
    if filters.role:
        narrowed &= Q(**{f"{to_membership}role": filters.role})
    if filters.audience:
        narrowed &= Q(**{f"{to_membership}audience": filters.audience})
    if filters.since:
        day = clock.now() - datetime.timedelta(days=SINCE[filters.since])
        narrowed &= Q(**{f"{to_membership}joined_at__gte": day})
    if filters.state:
        narrowed &= Q(**{f"{to_membership}paused_at__isnull": False})
    return narrowed


def _count(community: Community, filters: Filters) -> int:
    """Of everyone who fits, at most a minute old: counting reads them all."""
    asked = f"{filters.q}|{filters.kind}|{filters.role}|{filters.audience}|{filters.since}|{filters.state}"
    key = f"people:{community.pk}:{hashlib.blake2b(asked.encode(), digest_size=12).hexdigest()}"
    count = cache.get(key)
    if count is None:
        count = _found(community, filters).count()
        cache.set(key, count, SECONDS)
    return int(count)


def _said(count: int, filters: Filters) -> str:
    if filters.kind:
        said = ngettext("%(count)s organisation", "%(count)s organisations", count)
    elif filters.narrow:
        said = ngettext("%(count)s person fits", "%(count)s people fit", count)
    else:
        said = ngettext("%(count)s person belongs here", "%(count)s people belong here", count)
    return said % {"count": figure(count)}


def _row(community: Community, row: dict[str, Any], *, by_day: bool) -> dict[str, Any]:
    if row["the_paused_at"]:
        detail: Any = _("on a break")
    elif by_day:
        detail = joined(row["the_joined_at"])
    else:
        detail = row["the_headline"] or ""
        if row["the_role"] != Role.MEMBER:
            role = str(Role(row["the_role"]).label)
            detail = f"{role} · {detail}" if detail else role
    return {
        "name": row["the_name"],
        "url": links.person(community, row["ident"], row["the_handle"]),
        "detail": detail,
        "photo": links.photo(community, row["ident"], row["the_photo"]),
    }


def _toolbar(filters: Filters) -> list[dict[str, Any]]:
    def choice(name: str, label: str, everyone: str, options: Any) -> dict[str, Any]:
        rows = [{"value": "", "label": everyone}, *({"value": v, "label": str(text)} for v, text in options)]
        return {"name": name, "label": label, "value": getattr(filters, name), "options": rows}

    days = [("30", _("the last 30 days")), ("90", _("the last 90 days")), ("365", _("the last year"))]
    return [
        {"name": "q", "label": _("Name"), "type": "search", "value": filters.q, "placeholder": _("Any name")},
        choice("role", _("Role"), _("Any role"), Role.choices),
        choice("audience", _("Is here as"), _("Anything"), Membership.Audience.choices),
        choice("since", _("Joined in"), _("Any time"), days),
        choice("state", _("On a break"), _("Or not"), [("paused", _("On a break"))]),
        choice("sort", _("Order"), _("By name"), [("newest", _("Newest first")), ("longest", _("Longest here first"))]),
    ]


def _tabs(address: str, filters: Filters) -> list[dict[str, Any]]:
    return [
        {"label": _("People"), "url": address, "current": not filters.kind},
        {"label": _("Organisations"), "url": f"{address}?kind=organisations", "current": bool(filters.kind)},
    ]
