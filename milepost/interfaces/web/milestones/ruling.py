"""The page on which a steward says by which rule a milestone is found reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Milestone
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.segments.editor import RuleEditor
from milepost.interfaces.web.trying import accepted

from . import finding

NEW = "new"


class LevelForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("The level's name"), max_length=80)


@route("paths.write")
def rule(request: Request, milestone: str) -> HttpResponse:
    """The rule, or (`?level=`) that of one level; kept as a new version, which waits to be put in force."""
    community, by = request.actor.community, request.actor.person
    found = finding.milestone(request, milestone)
    level = request.GET.get("level", "1" if found.levels else "")
    number = _number(found, level)
    named = {"name": found.levels[number]["name"]} if number is not None and number < len(found.levels) else {}
    form = (
        LevelForm(request.POST if request.method == "POST" else None, initial=named)
        if level
        else forms.Form(request.POST)
    )
    options: dict[str, Any] = {"owner": ("reached", found.slug), "label": _("Who has reached it")}
    if request.method == "POST":
        editor = RuleEditor.posted(request.POST, community, **options)
    else:
        editor = RuleEditor(community, _tree(found, number), **options)
    wants_to_keep = request.method == "POST" and not editor.is_acting

    def keep() -> None:
        details = _with(found, editor.tree, number, form.cleaned_data.get("name", ""))
        found.change(name=found.name, why=found.why, by=by, details=details)

    if wants_to_keep and form.is_valid() and editor.is_valid and accepted(form, keep):
        return redirect(f"{links.milestone(community, found.slug)}preview/")
    here = f"{links.milestone(community, found.slug)}rule/"
    context = {
        "milestone": found,
        "form": form,
        "level": level,
        "levels": [
            {"label": one["name"], "url": f"{here}?level={n}", "current": str(n) == level}
            for n, one in enumerate(found.levels, start=1)
        ],
        "new_level_url": f"{here}?level={NEW}" if found.rule or found.levels else "",
    }
    status = 422 if wants_to_keep and form.errors else None
    return editor.answer(request, "web/milestones/rule.html", context, status=status)


def _number(milestone: Milestone, level: str) -> int | None:
    """From 0; one behind the last for a new one; None without levels."""
    if not level:
        return None
    if level == NEW:
        return max(len(milestone.levels), 1 if milestone.rule else 0)
    if level.isdigit() and 1 <= int(level) <= len(milestone.levels):
        return int(level) - 1
    raise Http404


def _tree(milestone: Milestone, number: int | None) -> Any:
    if number is None:
        return milestone.rule or None
    return milestone.levels[number]["rule"] if number < len(milestone.levels) else None


def _with(milestone: Milestone, tree: dict[str, Any], number: int | None, name: str) -> Details:
    details = replace(Details.of(milestone), way=Milestone.Way.RULE)
    if number is None:
        return replace(details, rule=tree, levels=())
    levels = list(milestone.levels)
    if milestone.rule and not levels:
        # What was the whole milestone becomes its first level.
        levels = [{"name": milestone.name[:80], "rule": milestone.rule}]
    levels[number : number + 1] = [{"name": name, "rule": tree}]
    return replace(details, rule={}, levels=tuple(levels), repeats=Milestone.Repeats.ONCE)
