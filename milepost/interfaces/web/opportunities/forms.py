from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.work.models import Opportunity
from milepost.domain.work.models.opportunity import Asked
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home.forms import DayInput


class AskForm(forms.Form):
    """Reads only: `Opportunity.ask` and `change` write."""

    title = forms.CharField(
        label=_("What is to be done"),
        max_length=160,
        help_text=_("One thing, as you would ask a friend: carry two amps to the hall."),
    )
    text = forms.CharField(
        label=_("How, where, and what to bring"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("So that someone can begin without asking back."),
    )
    effort = forms.IntegerField(
        label=_("How many minutes it takes one person"), min_value=1, max_value=6_000, initial=30,
        help_text=_("Half an hour finds most hands. Cut what is larger into pieces."),
    )  # fmt: skip
    needed = forms.IntegerField(
        label=_("How many people are needed"), min_value=1, max_value=10_000, required=False, initial=1,
        help_text=_("Empty: as many as want to."),
    )  # fmt: skip
    until = forms.DateField(label=_("Until when"), required=False, widget=DayInput())
    skills = forms.CharField(
        label=_("What one should be able to do"), required=False, max_length=400,
        help_text=_("Only what it cannot be done without, with commas between: driving, Portuguese."),
    )  # fmt: skip
    goal = forms.ModelChoiceField(
        label=_("Which goal it serves"),
        queryset=Goal.objects.none(),
        required=False,
        empty_label=_("None in particular"),
    )
    milestone = forms.ModelChoiceField(
        label=_("Which milestone it helps with"), queryset=Milestone.objects.none(), required=False,
        empty_label=_("None in particular"), help_text=_("Whoever has it next is shown this first."),
    )  # fmt: skip

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["until"].widget.attrs["min"] = clock.today(community.time_zone).isoformat()
        offered: dict[str, Any] = {
            "goal": Goal.objects.adopted().filter(community=community),
            "milestone": Milestone.objects.pursued().filter(community=community, is_secret=False),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            if rows.exists():
                field.queryset = rows
            else:
                del self.fields[name]

    def asked(self) -> Asked:
        given = self.cleaned_data
        return Asked(
            title=given["title"],
            text=given["text"],
            effort=given["effort"],
            needed=given["needed"],
            until=given["until"],
            skills=[name.strip() for name in given["skills"].split(",") if name.strip()],
            goal=given.get("goal"),
            milestone=given.get("milestone"),
        )


def as_asked(opportunity: Opportunity) -> dict[str, Any]:
    """What the form shows when someone changes a request."""
    return {
        **{key: getattr(opportunity, key) for key in ("title", "text", "effort", "needed", "until")},
        "skills": ", ".join(opportunity.skills.values_list("name", flat=True)),
        "goal": opportunity.goal_id,
        "milestone": opportunity.milestone_id,
    }


class FinishForm(forms.Form):
    minutes = forms.IntegerField(label=_("How many minutes it took"), min_value=1, max_value=20_000)
    words = forms.CharField(
        label=_("A word to whoever asked"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the next one should know."),
    )


class LimitForm(forms.Form):
    open_at_most = forms.IntegerField(
        label=_("How many things one person has open at a time"), min_value=1, max_value=50,
        help_text=_("So that the willing are not asked for everything. Who has more already keeps it."),
    )  # fmt: skip
