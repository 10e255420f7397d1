from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from milepost.outward.celebrations import congratulating, landmarks, wordings
from milepost.outward.celebrations.models import Landmark


class WordsForm(forms.Form):
    text = forms.CharField(
        label=_("Say something"),
        max_length=congratulating.LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Members read it under your name."),
    )


class WordingForm(forms.Form):
    text = forms.CharField(
        label=_("What it says"),
        required=False,
        max_length=wordings.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Left empty, it says what it says by default."),
    )

    def __init__(self, *args: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        words = " ".join(f"{{{{ {name} }}}}" for name in wordings.NAMES[kind])
        self.fields["text"].help_text = _("Words that are filled in: %(words)s. Left empty, ours is said.") % {
            "words": words
        }


class LandmarkForm(forms.Form):
    name = forms.CharField(
        label=_("What you celebrate"), max_length=120, help_text=_("Our 100th workshop. Ten tonnes of leaves.")
    )
    verb = forms.ChoiceField(label=_("What is counted"))
    measure = forms.ChoiceField(label=_("How it is counted"), choices=Landmark.Measure.choices)
    target = forms.DecimalField(label=_("Celebrated at"), min_value=0, max_digits=16, decimal_places=2)
    unit = forms.CharField(
        label=_("Unit"), max_length=40, required=False, help_text=_("For amounts: kg, hours, trees.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        verb = self.fields["verb"]
        assert isinstance(verb, forms.ChoiceField)
        verb.choices = landmarks.countable()


class WallForm(forms.Form):
    name = forms.CharField(label=_("Where it hangs"), max_length=80, help_text=_("The screen in the back room."))


class CatchUpForm(forms.Form):
    awards = forms.MultipleChoiceField(
        label=_("What the post tells of"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        awards = self.fields["awards"]
        assert isinstance(awards, forms.MultipleChoiceField)
        awards.choices = choices
        awards.initial = [key for key, _label in choices]


class BadgeForm(forms.Form):
    NAMES = (
        ("", _("Not by name: only my mail address, as a fingerprint that nobody can read back")),
        ("called", _("By what I am called")),
        ("whole", _("By my whole name")),
    )
    name = forms.ChoiceField(label=_("How it names you"), choices=NAMES, required=False, widget=forms.RadioSelect)
    with_evidence = forms.BooleanField(label=_("It tells what happened, too"), required=False)

    def __init__(self, *args: Any, evidence: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not evidence:
            del self.fields["with_evidence"]


class BringForm(forms.Form):
    badge = forms.FileField(
        label=_("The badge"),
        help_text=_("The picture (PNG or SVG) or file (JSON, JWT) that its issuer gave you."),
    )
    keys = forms.FileField(
        label=_("Its issuer's key"),
        required=False,
        help_text=_("A JSON file (JWK or JWKS), if you have it. This site asks no other machine."),
    )
