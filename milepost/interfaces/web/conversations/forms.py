from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from milepost.domain.deliberation.models.conversation import Opening
from milepost.domain.deliberation.models.statement import LONGEST
from milepost.domain.goals.models import Goal
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home.forms import DayInput


class OpeningForm(forms.Form):
    """Reads only: `Conversation.open` writes."""

    question = forms.CharField(
        label=_("What do you want to find out?"),
        max_length=200,
        help_text=_("A question that members answer in different ways: How should our open stage grow?"),
    )
    text = forms.CharField(
        label=_("What one should know first"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    statements = forms.CharField(
        label=_("The first statements, one a line"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_("Five to ten from different sides, so that everyone finds one to agree and one to disagree with."),
    )
    until = forms.DateField(label=_("Last day"), required=False, widget=DayInput(), help_text=_("Empty: no end yet."))
    looks_first = forms.BooleanField(
        label=_("Look at each statement before it is voted on"),
        required=False,
        help_text=_(
            "For questions that may hurt. Otherwise statements are voted on at once and can be taken out later."
        ),
    )
    goal = forms.ModelChoiceField(
        label=_("Which goal it serves"),
        queryset=Goal.objects.none(),
        required=False,
        empty_label=_("None in particular"),
    )

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        self.community = community
        self.fields["until"].widget.attrs["min"] = clock.today(community.time_zone).isoformat()
        goals, field = Goal.objects.adopted().filter(community=community), self.fields["goal"]
        assert isinstance(field, forms.ModelChoiceField)
        if goals.exists():
            field.queryset = goals
        else:
            del self.fields["goal"]

    def opening(self) -> Opening:
        given = self.cleaned_data
        return Opening(
            question=given["question"],
            text=given["text"],
            statements=[line for line in given["statements"].splitlines() if line.strip()],
            looks_first=given["looks_first"],
            closes_at=self._end(given["until"]),
            goal=given.get("goal"),
        )

    def _end(self, until: datetime.date | None) -> datetime.datetime | None:
        """The end of that day where the community is."""
        if until is None:
            return None
        zone = ZoneInfo(self.community.time_zone)
        return datetime.datetime.combine(until + datetime.timedelta(days=1), datetime.time(), tzinfo=zone)


class StatementForm(forms.Form):
    text = forms.CharField(
        label=_("Your statement"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST}),
        help_text=_("One thought that others can agree or disagree with, in at most 280 letters. Do not name people."),
    )
