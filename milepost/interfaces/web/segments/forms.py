from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.models import AttributeDefinition
from milepost.engines.segments.models import Segment


class SegmentForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What you call these people: newcomers, hosts.")
    )
    about = forms.CharField(
        label=_("What it is for"),
        max_length=400,
        required=False,
        help_text=_("So that others know why it is here, and when it is no longer needed."),
    )


class BringForm(forms.Form):
    people = forms.CharField(
        label=_("Who is to be on it"),
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One a line: a mail address, an @name or a name. Of a table, the first cell that finds a member counts."
        ),
    )


class CompareForm(forms.Form):
    other = forms.ChoiceField(label=_("Compare with"))

    def __init__(self, *args: object, others: Iterable[Segment], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        other = self.fields["other"]
        assert isinstance(other, forms.ChoiceField)
        other.choices = [(one.slug, one.name) for one in others]


class AttributeForm(forms.Form):
    label = forms.CharField(
        label=_("What it is called"), max_length=80, help_text=_("Instrument, T-shirt size, region.")
    )
    kind = forms.ChoiceField(label=_("What is filled in"), choices=AttributeDefinition.Kind.choices)
    options = forms.CharField(
        label=_("What can be chosen"),
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, for choices and tags. Left empty for tags, everything may be one."),
    )
    filled_by = forms.ChoiceField(
        label=_("Who fills it in"), choices=AttributeDefinition.FilledBy.choices, widget=forms.RadioSelect
    )
    is_sensitive = forms.BooleanField(
        label=_("Sensitive: health, belief, origin, money"),
        required=False,
        help_text=_("Rules may ask for it, but nobody is listed by it, and fewer than five are never counted."),
    )
