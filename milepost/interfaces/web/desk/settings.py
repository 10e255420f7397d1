"""The community's settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from milepost.domain.people.settling import change_community
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.people.forms import languages, zones
from milepost.interfaces.web.trying import accepted


class SettingsForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    tagline = forms.CharField(
        label=gettext_lazy("In one line"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For search engines and for people who pass by."),
    )
    accent_hue = forms.IntegerField(
        label=gettext_lazy("Accent colour"),
        min_value=0,
        max_value=359,
        widget=forms.NumberInput(attrs={"type": "range", "min": 0, "max": 359}),
        help_text=gettext_lazy(
            "A hue round the colour circle: 25 is red, 85 yellow, 158 green, 250 blue. Text stays readable with each."
        ),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Days and weeks are counted in it. Changing it counts all days anew."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"))
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who sees it"), choices=Community.Visibility.choices, widget=forms.RadioSelect
    )
    join_policy = forms.ChoiceField(
        label=gettext_lazy("How people join"), choices=Community.JoinPolicy.choices, widget=forms.RadioSelect
    )
    questions = forms.CharField(
        label=gettext_lazy("What you ask those who want to join"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "One question a line. Asked where people join by answers; stewards read them beside the charter."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone, language = self.fields["time_zone"], self.fields["language"]
        assert isinstance(zone, forms.ChoiceField)
        assert isinstance(language, forms.ChoiceField)
        kept = self.initial.get("time_zone")
        known = zones()
        zone.choices = known if not kept or kept in dict(known) else [(kept, kept), *known]
        language.choices = languages()

    def chosen(self, before: Community) -> dict[str, Any]:
        """The community's fields. A question that stays keeps its key, and with it the answers that were given to it."""
        values = dict(self.cleaned_data)
        keys = {q["question"]: q["key"] for q in before.join_questions}
        lines = [line.strip() for line in values.pop("questions").splitlines() if line.strip()]
        taken = {int(k[1:]) for k in keys.values() if k[1:].isdigit()}
        fresh = iter(n for n in range(1, 10_000) if n not in taken)
        values["join_questions"] = [{"key": keys.get(line) or f"q{next(fresh)}", "question": line} for line in lines]
        return values


@route("community.settings")
def page(request: Request) -> HttpResponse:
    community = request.actor.community
    now = {f: getattr(community, f) for f in SettingsForm.base_fields if hasattr(community, f)}
    now["questions"] = "\n".join(q["question"] for q in community.questions())
    form = SettingsForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        person = request.actor.person
        if accepted(form, lambda: change_community(community=community, by=person, **form.chosen(community))):
            messages.success(request, _("Kept."))
            return redirect("settings", community.slug)
    return render(request, "web/desk/settings.html", {"form": form}, status=422 if form.errors else 200)
