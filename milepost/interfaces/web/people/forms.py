from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from milepost.domain.people.models import Profile


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Your name here"), max_length=120)
    called = forms.CharField(
        label=_("What to call you"),
        max_length=60,
        required=False,
        help_text=_("Where only that is said, and never your full name. Left empty: the first word of your name."),
    )
    handle = forms.CharField(
        label=_("Your @name"), max_length=41, help_text=_("With it others mention you: letters, digits and hyphens.")
    )
    headline = forms.CharField(
        label=_("You in one line"),
        max_length=140,
        required=False,
        help_text=_("It stands below your name: Cellist, looking for a room to practise."),
    )
    about = forms.CharField(
        label=_("About you"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What brought you here, and what others can ask you about."),
    )
    place = forms.CharField(label=_("Where you are"), max_length=120, required=False)
    pronouns = forms.CharField(label=_("Pronouns"), max_length=40, required=False)
    link = forms.URLField(label=_("Website"), required=False, max_length=200, assume_scheme="https")
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}),
        help_text=_("JPEG, PNG, GIF or WebP. Where it was taken is removed from the file."),
    )
    without_photo = forms.BooleanField(label=_("Take my photo away"), required=False)

    def __init__(self, *args: Any, has_photo: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not has_photo:
            del self.fields["without_photo"]

    def texts(self) -> dict[str, str]:
        names = ("called", "headline", "about", "place", "pronouns", "link")
        return {name: self.cleaned_data[name] for name in names}


class CelebrationForm(forms.Form):
    celebration = forms.ChoiceField(
        label=_("When you reach something"),
        choices=Profile.Celebration.choices,
        widget=forms.RadioSelect,
        help_text=_("It holds for everything that you reached so far, too. You can change it whenever you like."),
    )


def languages() -> list[tuple[str, str]]:
    """Each in its own words."""
    return [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]


def zones() -> list[tuple[str, str]]:
    """Those of places; abbreviations and the old names without a place are left out."""
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if _is_a_place(zone)]


def _is_a_place(zone: str) -> bool:
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/")))


class LanguageForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Times are shown in it, for you, in every community.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        language, zone = self.fields["language"], self.fields["time_zone"]
        assert isinstance(language, forms.ChoiceField)
        assert isinstance(zone, forms.ChoiceField)
        language.choices = [("", _("As my browser says")), *languages()]
        zone.choices = [("", _("UTC, as long as I have not chosen")), *zones()]
