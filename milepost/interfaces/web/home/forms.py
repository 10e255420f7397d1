from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.charter.models import Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.bearings import ValueRow
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Person


class DayInput(forms.DateInput):
    """The browser's own calendar; it wants the day as ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self, **attributes: Any) -> None:
        super().__init__(attrs=attributes, format="%Y-%m-%d")


class ThanksForm(forms.Form):
    to = forms.CharField(
        label=_("Whom do you thank"), max_length=60, help_text=_("Their name here, as in @amara, or their full name.")
    )
    words = forms.CharField(
        label=_("For what"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What they did, and what it changed. Others in the community can read it."),
    )
    value = forms.ChoiceField(label=_("Which of our values was that"), required=False)

    def __init__(self, *args: Any, actor: Actor, values: list[ValueRow], **options: Any) -> None:
        super().__init__(*args, **options)
        self.actor = actor
        if values:
            choice = self.fields["value"]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = [("", _("None in particular")), *((value.name, value.name) for value in values)]
        else:
            del self.fields["value"]

    def clean_to(self) -> Person:
        """By handle, then by id, then by the whole name, if only one has it."""
        words = self.cleaned_data["to"].strip().removeprefix("@")
        people = Person.objects.claimed().listed().filter(community=self.actor.community)
        found = list(people.filter(handle=words.lower())[:1]) or _by_id(people, words)
        found = found or list(people.filter(name__iexact=words)[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(
                _("More than one person has this name. Give their @name; it stands on their page.")
            )
        raise forms.ValidationError(_("Nobody here has this name. Look for them under People."))

    def clean(self) -> dict[str, Any]:
        return {"value": "", **(super().clean() or {})}


def _by_id(people: Any, words: str) -> list[Person]:
    try:
        return list(people.filter(pk=uuid.UUID(words))[:1])
    except ValueError:
        return []


class CharterForm(forms.Form):
    mission = forms.CharField(
        label=_("Why we are here"),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence that a stranger understands. It stands first on every page."),
    )
    vision = forms.CharField(
        label=_("What will be different"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    agreements = forms.CharField(
        label=_("What we agree on"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("How we treat each other. Markdown works: a list is easy to read."),
    )
    rationale = forms.CharField(
        label=_("Why this version"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Who was asked, and what changed. It stands in the history."),
    )
    after = forms.IntegerField(widget=forms.HiddenInput(), min_value=0)


class ValueForm(forms.Form):
    name = forms.CharField(label=_("Value"), max_length=80, help_text=_("As you would say it to each other."))
    meaning = forms.CharField(
        label=_("What it means here"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class GoalForm(forms.ModelForm[Goal]):
    """Validates only: `Goal.draft` and `Goal.change` write."""

    class Meta:
        model = Goal
        fields = ("title", "why", "value", "milestone", "target", "deadline")
        labels = {
            "title": _("What we want to reach"),
            "why": _("Why it matters"),
            "value": _("Which value it serves"),
            "milestone": _("Which milestone tells how far we are"),
            "target": _("How many members should reach it"),
            "deadline": _("Until when"),
        }
        help_texts = {
            "title": _("A sentence that will be true: 200 members play their first live gig."),
            "milestone": _("Its progress is then how many members reached that milestone."),
        }
        widgets = {
            "title": forms.TextInput(),
            "why": forms.Textarea(attrs={"rows": 4}),
            "deadline": DayInput(),
            "target": forms.NumberInput(attrs={"min": 1, "step": 1}),
        }

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        values, stones = self.fields["value"], self.fields["milestone"]
        assert isinstance(values, forms.ModelChoiceField)
        assert isinstance(stones, forms.ModelChoiceField)
        values.queryset = Value.objects.held().filter(community=community)
        stones.queryset = Milestone.objects.pursued().filter(community=community)
        values.empty_label = _now("None in particular")
        stones.empty_label = _now("None: we tell it in words")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("target") is not None and not given.get("milestone"):
            self.add_error("target", _("A number needs a milestone that is counted. Choose one, or leave this empty."))
        return given

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}
