from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from milepost.domain.paths.models import JourneySharing, Milestone, Persona
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Community
from milepost.interfaces.web.home.forms import DayInput


class LinesField(forms.CharField):
    """Several short texts, one a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), max_length=2500, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        return [line.strip() for line in str(super().clean(value) or "").splitlines() if line.strip()]


class PersonaForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As you would speak of several: Hobbyists, Newcomers, Teachers.")
    )
    story = forms.CharField(
        label=_("Their story"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Who they are, what they come for, and what keeps them away. Think of people you know."),
    )
    needs = LinesField(label=_("What they need"), required=False, help_text=_("One need a line."))
    success = forms.CharField(
        label=_("What success looks like"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For them, in their lives: a sentence that they would say."),
    )
    seed = forms.CharField(
        label=_("Portrait"),
        max_length=80,
        required=False,
        help_text=_("The portrait is drawn from these words. Other words, another portrait."),
    )

    def texts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "story", "needs", "success", "seed")}


class PathForm(forms.Form):
    """A place on the path for each milestone, or none."""

    def __init__(self, *args: Any, persona: Persona, **options: Any) -> None:
        super().__init__(*args, **options)
        self.milestones = list(Milestone.objects.pursued().of_life().filter(community=persona.community_id))
        places = {ident: n for n, ident in enumerate(persona.stones.values_list("milestone", flat=True), start=1)}
        self.milestones.sort(key=lambda stone: places.get(stone.pk, 1_000 + stone.position))
        for stone in self.milestones:
            self.fields[f"place_{stone.pk}"] = forms.IntegerField(
                label=stone.name,
                required=False,
                min_value=1,
                max_value=999,
                initial=places.get(stone.pk),
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "place"}),
            )

    def path(self) -> list[Milestone]:
        placed = [(self.cleaned_data[f"place_{stone.pk}"], n, stone) for n, stone in enumerate(self.milestones)]
        return [stone for place, _n, stone in sorted(p for p in placed if p[0] is not None)]


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("A word to whoever proposed it"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("They read it on the persona's page."),
    )


class ChoiceForm(forms.Form):
    """In which personas one finds oneself; or in none, and which one is missing."""

    personas = forms.MultipleChoiceField(
        label=_("I find myself in"), required=False, widget=forms.CheckboxSelectMultiple
    )
    none = forms.BooleanField(label=_("None of these"), required=False)
    words = forms.CharField(
        label=_("Who are you, then"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It tells the stewards which persona is missing. They read the words, without your name."),
    )

    def __init__(self, *args: Any, personas: list[Persona], **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = {persona.slug: persona for persona in personas}
        choice = self.fields["personas"]
        assert isinstance(choice, forms.MultipleChoiceField)
        choice.choices = [(persona.slug, persona.name) for persona in personas]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("none") and given.get("personas"):
            raise forms.ValidationError(_("Either you find yourself in some of them, or in none."))
        return given

    @property
    def chosen(self) -> list[Persona]:
        return [self.offered[slug] for slug in self.cleaned_data["personas"]]


class SharingForm(forms.Form):
    audience = forms.ChoiceField(
        label=_("Who sees your journey"), choices=JourneySharing.Audience.choices, widget=forms.RadioSelect
    )


class OwnStoneForm(forms.Form):
    name = forms.CharField(
        label=_("Your milestone"), max_length=120, help_text=_("Something that you want to reach: it is yours alone.")
    )
    why = forms.CharField(
        label=_("Why it matters to you"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    by_when = forms.DateField(label=_("By when"), required=False, widget=DayInput())


class ReachedForm(forms.Form):
    reached_on = forms.DateField(label=_("On which day"), widget=DayInput())

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        self.today = clock.today(community.time_zone)
        super().__init__(*args, **({"initial": {"reached_on": self.today}} | options))
        self.fields["reached_on"].widget.attrs["max"] = self.today.isoformat()


class HelpForm(forms.Form):
    words = forms.CharField(
        label=_("How you can help"),
        max_length=200,
        required=False,
        help_text=_("One line: I can listen to your set, and tell you whom I asked for my first room."),
    )


class MeetForm(forms.Form):
    words = forms.CharField(
        label=_("What you would like to talk about"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only they read it."),
    )


class TalkForm(forms.Form):
    at = forms.DateTimeField(
        label=_("Your next talk"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


class CohortForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("A month of songs. Thirty days of scales. Road to the first gig.")
    )
    why = forms.CharField(
        label=_("What it is for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    starts_on = forms.DateField(label=_("First day"), widget=DayInput())
    ends_on = forms.DateField(label=_("Last day"), widget=DayInput())
    milestone = forms.ModelChoiceField(
        label=_("Which milestone it leads to"), queryset=Milestone.objects.none(), required=False
    )
    persona = forms.ModelChoiceField(label=_("Whom it is for"), queryset=Persona.objects.none(), required=False)
    target = forms.DecimalField(
        label=_("What you want to reach together"), required=False, min_value=0, max_digits=14, decimal_places=2
    )
    unit = forms.CharField(
        label=_("Counted in"), max_length=40, required=False, help_text=_("Songs, hours, pages, kilometres.")
    )

    def __init__(self, *args: Any, community: Community, **options: Any) -> None:
        super().__init__(*args, **options)
        stones, personas = self.fields["milestone"], self.fields["persona"]
        assert isinstance(stones, forms.ModelChoiceField)
        assert isinstance(personas, forms.ModelChoiceField)
        stones.queryset = Milestone.objects.pursued().of_life().filter(community=community, is_secret=False)
        personas.queryset = Persona.objects.adopted().filter(community=community)
        stones.empty_label, personas.empty_label = _now("None in particular"), _now("Everyone")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first: datetime.date | None = given.get("starts_on")
        last: datetime.date | None = given.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day comes before the first."))
        if given.get("target") and not given.get("unit"):
            self.add_error("unit", _("Say what is counted."))
        return given


class FinishingForm(forms.Form):
    name = forms.CharField(
        label=_("What they have reached then"), max_length=80, help_text=_("Wrote a song a day for a month.")
    )
    why = forms.CharField(
        label=_("Why it matters"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class CheckInForm(forms.Form):
    words = forms.CharField(
        label=_("How it goes"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    quantity = forms.DecimalField(label=_("How much"), required=False, min_value=0, max_digits=12, decimal_places=2)
    stuck = forms.BooleanField(
        label=_("I am stuck"), required=False, help_text=_("The others in the group see it, and can help.")
    )

    def __init__(self, *args: Any, unit: str, counted: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if counted:
            self.fields["quantity"].label = _now("How much, in %(unit)s") % {"unit": unit}
        else:
            del self.fields["quantity"]

    def clean(self) -> dict[str, Any]:
        return {"quantity": None, **(super().clean() or {})}
