"""A member's badges: having one made, its page, its files; and bringing those of others."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from milepost.domain.paths.models import Milestone
from milepost.domain.people.models import Profile
from milepost.engines.milestones.celebrating import Celebration, called
from milepost.engines.milestones.models import Award
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.trying import accepted
from milepost.outward.badges import baking, bringing, drawing, issuing, proving
from milepost.outward.badges.models import Badge, OutsideBadge

from .forms import BadgeForm, BringForm
from .mine import me


def base(request: Request) -> str:
    return f"{links.base(request.actor.community)}badges/"


@route("badges.own")
def make(request: Request, award: uuid.UUID) -> HttpResponse:
    """What the badge says, then it is made; made again it says something else, at the same address."""
    person = me(request)
    found = get_object_or_404(
        Award.objects.standing().select_related("milestone", "person__account", "community"),
        community=request.actor.community, person=person, pk=award,
    )  # fmt: skip
    form = BadgeForm(request.POST or None, evidence=bool(found.evidence or found.link), initial={"name": ""})
    made: list[Badge] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        name = _named(person, given["name"])
        evidence = given.get("with_evidence", False)
        if accepted(
            form, lambda: made.append(issuing.issue(award=found, by=person, name=name, with_evidence=evidence))
        ):
            messages.success(request, _("Here is your badge. Keep the picture: the proof is inside it."))
            return redirect(f"{base(request)}{made[0].pk}/")
    there = Badge.objects.filter(award=found).exclude(token="").first()
    context = {
        "form": form,
        "award": found,
        "picture": _drawn(found.milestone, request),
        "badge_url": f"{base(request)}{there.pk}/" if there else "",
    }
    return render(request, "web/celebrations/badge_make.html", context, status=422 if form.errors else 200)


def _named(person: Person, how: str) -> str:
    if how == "whole":
        return person.name
    if how == "called":
        chosen = Profile.objects.filter(person=person).values_list("called", flat=True).first()
        return called(person.name, chosen)
    return ""


def _drawn(milestone: Milestone, request: Request) -> str:
    community = request.actor.community
    return drawing.svg(hue=community.accent_hue, milestone=milestone.name, community=community.name)


def found_or_404(request: Request, badge: uuid.UUID) -> Badge:
    found = issuing.find(request.actor, badge)
    if found is None:
        raise Http404(_("There is no such badge, or it is not shown to you."))
    return found


@require_safe
@route("badges.view")
def page(request: Request, badge: uuid.UUID) -> HttpResponse:
    """One badge: what it says, whether it holds, and its files. Programs that ask for JSON get the credential itself."""
    found = found_or_404(request, badge)
    asked = request.headers.get("Accept", "")
    if "application/vc+jwt" in asked or ("json" in asked and "html" not in asked):
        return token_file(found, attached=False)
    own = request.actor.membership is not None and request.actor.membership.person_id == found.person_id
    said = proving.read(found.token.encode())
    profile = Profile.objects.filter(person=found.person_id).first()
    choice = profile.celebration if profile else Celebration.COMMUNITY
    address = f"{settings.MILEPOST_URL}{base(request)}{found.pk}/"
    context = {
        "badge": found,
        "own": own,
        "who": found.person.name,
        "who_url": links.person(found.community, found.person_id, found.person.handle),
        "says": said,
        "named": _name_in(said.says),
        "picture": _drawn(found.milestone, request),
        "address": address,
        "files": [
            {"label": _("Picture (PNG)"), "url": f"{base(request)}{found.pk}/badge.png", "icon": "image"},
            {"label": _("Drawing (SVG)"), "url": f"{base(request)}{found.pk}/badge.svg", "icon": "image"},
            {"label": _("Credential (JWT)"), "url": f"{base(request)}{found.pk}/credential.jwt", "icon": "file-key"},
        ],
        "again_url": f"{base(request)}of/{found.award_id}/",
        "public": choice == Celebration.PUBLIC,
        "within": choice == Celebration.COMMUNITY,
        "celebration_url": f"{links.base(found.community)}me/celebration/",
        "indexed": False,
    }
    return render(request, "web/celebrations/badge.html", context)


def _name_in(says: dict[str, Any]) -> str:
    for one in says["credentialSubject"].get("identifier", []):
        if one.get("identityType") == "name":
            return str(one["identityHash"])
    return ""


def token_file(badge: Badge, *, attached: bool) -> HttpResponse:
    response = HttpResponse(badge.token, content_type="application/vc+jwt")
    return _as_file(response, badge, "jwt") if attached else response


def _as_file(response: HttpResponse, badge: Badge, ending: str) -> HttpResponse:
    name = slugify(badge.milestone.name) or "badge"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@route("badges.view")
def credential(request: Request, badge: uuid.UUID) -> HttpResponse:
    return token_file(found_or_404(request, badge), attached=True)


@require_safe
@route("badges.view")
def png(request: Request, badge: uuid.UUID) -> HttpResponse:
    found = found_or_404(request, badge)
    content = baking.into_png(drawing.png(hue=found.community.accent_hue), found.token)
    return _as_file(HttpResponse(content, content_type="image/png"), found, "png")


@require_safe
@route("badges.view")
def svg(request: Request, badge: uuid.UUID) -> HttpResponse:
    found = found_or_404(request, badge)
    content = baking.into_svg(_drawn(found.milestone, request), found.token)
    response = HttpResponse(content, content_type="image/svg+xml; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _as_file(response, found, "svg")


# --- others' badges ---------------------------------------------------------------------------------------


@route("badges.own")
def bring(request: Request) -> HttpResponse:
    """A badge from elsewhere: looked at, and kept as evidence; `?for=` names the milestone that it is for."""
    person = me(request)
    community = request.actor.community
    stone = Milestone.objects.pursued().filter(community=community, slug=request.GET.get("for", "")[:80]).first()
    form = BringForm(request.POST or None, request.FILES or None)
    made: list[OutsideBadge] = []
    if request.method == "POST" and form.is_valid():
        content, keys = _read(form.cleaned_data["badge"]), _read(form.cleaned_data["keys"])
        if accepted(
            form, lambda: made.append(bringing.bring(person=person, content=content, keys=keys, milestone=stone))
        ):
            return redirect(f"{base(request)}brought/{made[0].pk}/")
    context = {"form": form, "milestone": stone}
    return render(request, "web/celebrations/badge_bring.html", context, status=422 if form.errors else 200)


def _read(file: UploadedFile | None) -> bytes:
    return file.read(proving.LARGEST + 1) if file else b""


@require_safe
@route("badges.own")
def brought(request: Request, badge: uuid.UUID) -> HttpResponse:
    found = _brought(request, badge)
    stone = found.milestone
    context = {
        "badge": found,
        "proved": found.proof in {OutsideBadge.Proof.OURS, OutsideBadge.Proof.ISSUER, OutsideBadge.Proof.GIVEN},
        "milestone": stone,
        "claim_url": f"{links.milestone(found.community, stone.slug)}claim/" if stone else "",
        "evidence": bringing.evidence_of(found),
        "content": _pretty(found.credential),
    }
    return render(request, "web/celebrations/badge_brought.html", context)


def _pretty(credential: str) -> str:
    try:
        says = proving.read(credential.encode()).says
    except DomainError:
        return ""
    return json.dumps(says, ensure_ascii=False, indent=1)


@require_POST
@route("badges.own")
def remove(request: Request, badge: uuid.UUID) -> HttpResponse:
    found = _brought(request, badge)
    bringing.remove(badge=found, by=me(request))
    messages.success(request, _("The badge is gone from here."))
    return redirect(f"{links.base(request.actor.community)}celebrations/mine/")


def _brought(request: Request, badge: uuid.UUID) -> OutsideBadge:
    """One's own only: a claim says of it what others need to know."""
    person = me(request)
    return get_object_or_404(
        OutsideBadge.objects.select_related("milestone", "person", "community"),
        community=request.actor.community, person=person, pk=badge,
    )  # fmt: skip
