"""allauth's forms in the house's words: labels say what a field is, help says what for, nothing is said twice."""

from __future__ import annotations

import zoneinfo
from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from allauth.socialaccount import forms as social
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

CODE = {"inputmode": "text", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}


class Worded:
    """Labels and help for fields that allauth defines; placeholders go, since the label stands above the field."""

    labels: dict[str, Any] = {
        "email": _("Mail address"),
        "login": _("Mail address"),
        "password": _("Password"),
        "password1": _("Password"),
        "oldpassword": _("Your password now"),
        "code": _("Code"),
    }
    helps: dict[str, Any] = {"password": "", "oldpassword": ""}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)
            if name == "code":
                field.widget.attrs |= CODE


class SignIn(Worded, account.LoginForm):
    pass


class NewlyWorded(Worded):
    labels = Worded.labels | {"password1": _("New password"), "password2": _("New password, once more")}
    helps = Worded.helps | {
        "password1": _("At least 10 characters. Four words that only you would put together do well.")
    }


class SignUp(NewlyWorded, account.SignupForm):
    """A known address takes as long as a new one, whose password is hashed: the time must not tell which it was."""

    labels = Worded.labels
    helps = NewlyWorded.helps | {"email": _("We mail you a code to confirm it. No one else here sees it.")}

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class ProviderSignUp(Worded, social.SignupForm):
    helps = {"email": _("We mail you a code if your provider has not confirmed it.")}


class AddAddress(Worded, account.AddEmailForm):
    labels = {"email": _("Another mail address")}


class ChangePassword(NewlyWorded, account.ChangePasswordForm):
    pass


class SetPassword(NewlyWorded, account.SetPasswordForm):
    pass


class NewPassword(NewlyWorded, account.ResetPasswordKeyForm):
    pass


class AskForReset(Worded, account.ResetPasswordForm):
    pass


class Reauthenticate(Worded, account.ReauthenticateForm):
    pass


class AskForCode(Worded, account.RequestLoginCodeForm):
    pass


class SignInCode(Worded, account.ConfirmLoginCodeForm):
    labels = {"code": _("The code from the mail")}


class AddressCode(Worded, account.ConfirmEmailVerificationCodeForm):
    labels = {"code": _("The code from the mail")}


class ResetCode(Worded, account.ConfirmPasswordResetCodeForm):
    labels = {"code": _("The code from the mail")}


class SecondStep(Worded, mfa.AuthenticateForm):
    labels = {"code": _("Code from your app, or a recovery code")}


class SecondStepAgain(Worded, mfa.ReauthenticateForm):
    labels = {"code": _("Code from your app, or a recovery code")}


class ActivateApp(Worded, totp.ActivateTOTPForm):
    labels = {"code": _("The six digits that your app shows")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "pattern": "[0-9 ]*"}


class AddPasskey(Worded, webauthn.AddWebAuthnForm):
    labels = {"name": _("Name of this passkey"), "passwordless": _("Let me sign in with it alone")}
    helps = {
        "name": _("So that you know it again: “my phone”, “the key on my ring”."),
        "passwordless": _(
            "No password and no code then, only the device and its lock. Without this, it is a second step."
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"passwordless": True} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        # The ceremony with the device comes before the form is sent, so the name may be left out.
        self.fields["name"].widget.attrs["maxlength"] = 80


class NamePasskey(Worded, webauthn.EditWebAuthnForm):
    labels = {"name": _("Name of this passkey")}


class AboutMe(forms.Form):
    """What an account says about its person, in every community."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("For mails from this site, and wherever you join next. Each community has its own profile of you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language, zone = self.fields["language"], self.fields["time_zone"]
        assert isinstance(language, forms.ChoiceField)
        assert isinstance(zone, forms.ChoiceField)
        language.choices = [("", _("As my browser asks")), *settings.LANGUAGES]
        zone.choices = [("", _("As the community has it")), *((name, name.replace("_", " ")) for name in zones())]


def zones() -> list[str]:
    """Time zones named after a place, and UTC: what people look for in a list."""
    return [
        "UTC",
        *sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")),
    ]
