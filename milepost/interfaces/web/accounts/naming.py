"""What sign-up asks beyond mail and password. Apart from the other forms, since allauth's own are built upon it."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.models import Account


class Named(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As people here should call you. You can change it later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("name", "email", "password1")

    def signup(self, request: HttpRequest, user: Account) -> None:
        """allauth asks for this hook; the adapter stores the name together with the account."""
