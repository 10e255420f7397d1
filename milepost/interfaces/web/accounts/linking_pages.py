"""A steward's review: who says "that was me", who may be one, what was merged and can be taken apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from milepost.domain.people import linking
from milepost.domain.people.suggesting import in_words
from milepost.foundation.identity.models import Claim, Community, Identity, MergeSuggestion, PersonMerge
from milepost.interfaces.web.access import Request, route

from .membership import own

PER_PAGE = 30


def _page(
    request: Request, template: str, rows: Any, prepare: Callable[[list[Any]], None] = lambda _shown: None
) -> HttpResponseBase:
    paged = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    shown = list(paged)
    prepare(shown)
    context: dict[str, Any] = {"rows": shown, "tabs": _tabs(request.actor.community, template)}
    if paged.has_previous():
        context["previous_url"] = f"?page={paged.previous_page_number()}"
    if paged.has_next():
        context["next_url"] = f"?page={paged.next_page_number()}"
    return render(request, f"web/accounts/{template}.html", context)


def _tabs(community: Community, key: str) -> list[dict[str, Any]]:
    here = {"slug": community.slug}
    tabs = (
        ("claims", _("“That was me”"), linking.open_claims(community).count()),
        ("suggestions", _("May be one"), linking.suggestions(community).count()),
        ("merges", _("Merged"), None),
    )
    return [
        {"label": label, "url": reverse(name, kwargs=here), "current": name == key, "count": count}
        for name, label, count in tabs
    ]


@route("people.link")
def claims(request: Request) -> HttpResponseBase:
    return _page(request, "claims", linking.open_claims(request.actor.community))


@route("people.link")
def suggestions(request: Request) -> HttpResponseBase:
    return _page(request, "suggestions", linking.suggestions(request.actor.community), _tell_reasons)


def _tell_reasons(shown: list[MergeSuggestion]) -> None:
    """Beside each suggestion its reasons in words, and the identities of both people."""
    known: dict[Any, list[Identity]] = {}
    people = {pk for suggestion in shown for pk in (suggestion.one_id, suggestion.other_id)}
    for identity in Identity.objects.filter(person__in=people).order_by("source"):
        known.setdefault(identity.person_id, []).append(identity)
    for suggestion in shown:
        suggestion.words = in_words(suggestion)  # type: ignore[attr-defined]
        for side in (suggestion.one, suggestion.other):
            side.known = known.get(side.pk, [])  # type: ignore[attr-defined]


@route("people.link")
def merges(request: Request) -> HttpResponseBase:
    made = PersonMerge.objects.filter(community=request.actor.community).select_related(
        "kept", "gone", "by", "undone_by"
    )
    return _page(request, "merges", made.order_by("-at"))


@route("people.link")
@require_POST
def decide_claim(request: Request, pk: str) -> HttpResponseBase:
    steward = own(request)
    claim = get_object_or_404(Claim.objects.select_related("person"), pk=pk, community=steward.community)
    if request.POST.get("decision") == "grant":
        linking.grant(claim=claim, by=steward)
        messages.success(request, _("What was done there now belongs to %(name)s.") % {"name": claim.person})
    else:
        linking.refuse(claim=claim, by=steward)
        messages.success(request, _("The claim is refused."))
    return redirect("claims", slug=steward.community.slug)


@route("people.link")
@require_POST
def decide_suggestion(request: Request, pk: str) -> HttpResponseBase:
    steward = own(request)
    found = MergeSuggestion.objects.select_related("one", "other", "community")
    suggestion = get_object_or_404(found, pk=pk, community=steward.community)
    if request.POST.get("decision") == "merge":
        made = linking.merge(
            kept=suggestion.one, gone=suggestion.other, by=steward, reason=" ".join(in_words(suggestion))
        )
        messages.success(
            request,
            _("%(gone)s and %(kept)s are one now. “Merged” takes them apart again.")
            % {"gone": made.gone, "kept": made.kept},
        )
    else:
        linking.dismiss(suggestion=suggestion, by=steward)
        messages.success(request, _("They stay two. It will not be suggested again."))
    return redirect("suggestions", slug=steward.community.slug)


@route("people.link")
@require_POST
def split(request: Request, pk: str) -> HttpResponseBase:
    steward = own(request)
    merge = get_object_or_404(PersonMerge, pk=pk, community=steward.community)
    linking.split(merge=merge, by=steward)
    messages.success(request, _("They are two again, each with what was theirs."))
    return redirect("merges", slug=steward.community.slug)
