from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.choosing import INTERESTS


class InterestsForm(forms.Form):
    """What one cares about: some to tick, and others in one's own words."""

    picked = forms.MultipleChoiceField(label=_("Things that people here talk about"), required=False)
    others = forms.CharField(
        label=_("Others, in your words"),
        required=False,
        max_length=600,
        help_text=_("With commas between them: cello, house concerts, stage fright."),
    )

    def __init__(self, *args: Any, offered: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = offered
        picked = self.fields["picked"]
        assert isinstance(picked, forms.MultipleChoiceField)
        picked.choices = [(name, name) for name in offered]

    @property
    def names(self) -> list[str]:
        return [*self.cleaned_data["picked"], *self.cleaned_data["others"].split(",")]

    @property
    def picks(self) -> list[dict[str, Any]]:
        ticked = set(self["picked"].value() or ())
        return [{"name": name, "ticked": name in ticked, "id": f"pick-{n}"} for n, name in enumerate(self.offered)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        named = [one for one in str(given.get("others", "")).split(",") if one.strip()]
        if len(named) + len(given.get("picked", ())) > INTERESTS:
            raise forms.ValidationError(_("Name %(most)d at most: those that matter most.") % {"most": INTERESTS})
        return given


class AgreeForm(forms.Form):
    version = forms.UUIDField(widget=forms.HiddenInput)
    agree = forms.BooleanField(label=_("I agree to the mission, the values and the agreements"))
