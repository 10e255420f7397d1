"""The style guide: every component with a sample of its context, in the accents and themes that it must stand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from milepost.interfaces.web.access import open_route
from milepost.interfaces.web.drawing.path import STATES
from milepost.interfaces.web.samples import LONG_NAME, samples

PATH_NAMES = [
    "Found my people",
    "First live gig",
    "First paid gig",
    "Headline a night in a room that I booked myself",
    "Bring someone on stage",
    "Record three songs",
    "A tour of five towns",
    "Teach a first lesson",
    "Open my own room",
    "Write for someone else",
    "Pay a band fairly",
    "Pass on the keys",
]


class SampleForm(forms.Form):
    """One field of each kind, so that every widget is seen in the guide."""

    title = forms.CharField(label="Title", help_text="In a few words, as you would say it aloud.", max_length=80)
    mail = forms.EmailField(label="Mail address", required=False)
    story = forms.CharField(label="What happened", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    space = forms.ChoiceField(label="Where", choices=[("talk", "Open talk"), ("help", "Ask for help")])
    day = forms.DateField(label="When", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    people = forms.IntegerField(label="How many people", min_value=0, required=False)
    seen_by = forms.ChoiceField(
        label="Who may see it",
        choices=[("all", "Everyone"), ("members", "Members only"), ("me", "Only me")],
        widget=forms.RadioSelect,
        help_text="You can change this later.",
    )
    topics = forms.MultipleChoiceField(
        label="What it is about",
        choices=[("rooms", "Rooms"), ("money", "Money"), ("nerves", "Nerves")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    picture = forms.FileField(label="A picture", required=False)
    mood = forms.IntegerField(
        label="How sure are you", widget=forms.NumberInput(attrs={"type": "range"}), required=False
    )
    colour = forms.CharField(
        label="Colour", widget=forms.TextInput(attrs={"type": "color"}), initial="#005b48", required=False
    )
    agree = forms.BooleanField(label="I have read the agreements", help_text="They fit on one page.")


@require_safe
@open_route("the parts of the house, without any content of a community")
def styleguide(request: HttpRequest) -> HttpResponse:
    """The guide itself. `?accent=` takes a hue or a hex colour, `?dir=rtl` turns it round."""
    accent = request.GET.get("accent", "")
    faulty = SampleForm({"title": "", "mail": "not an address", "space": "talk"})
    context: dict[str, Any] = {
        "community": {"name": "Open Stage", "slug": "open-stage", "accent": accent} if accent else None,
        "turned": request.GET.get("dir") == "rtl",
        "accents": [0, 40, 75, 110, 145, 172, 205, 250, 300, 340],
        "icons": [
            "house",
            "flag",
            "message-circle",
            "users",
            "search",
            "calendar",
            "settings",
            "upload",
            "scroll-text",
            "heart",
        ],
        "colours": [
            "paper",
            "raised",
            "sunken",
            "accent",
            "accent-soft",
            "accent-bright",
            "sun",
            "reached",
            "going",
            "risk",
        ],
        "form": SampleForm(),
        "faulty": faulty,
        "long_name": LONG_NAME,
        "paths": [sample_stones(count) for count in (1, 3, 5, 8, 12)],
        "states": STATES,
        **samples(timezone.now()),
    }
    return render(request, "web/styleguide.html", context)


def sample_stones(count: int) -> list[dict[str, str]]:
    """A path of so many stones: a third reached, one next, the rest ahead and the last one's own."""
    reached = count // 3 if count > 1 else 0
    stones = []
    for index, name in enumerate(PATH_NAMES[:count]):
        state = "reached" if index < reached else "next" if index == reached else "later"
        if state == "later" and index == count - 1:
            state = "own"
        stones.append(
            {"label": name, "state": state, "detail": DETAILS[state], "url": "#" if state == "reached" else ""}
        )
    return stones


DETAILS = {
    "reached": "The Lantern, 2 June",
    "next": "3 people one stone ahead can help",
    "later": "58 of us have",
    "own": "your own stone",
}
