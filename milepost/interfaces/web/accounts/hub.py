"""One's own account: who one is on this site, where one is signed in, and how to leave it altogether."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from milepost.domain.people.closing import belongs_to, close_account
from milepost.domain.people.presenting import choose_language_and_zone
from milepost.foundation.identity.models import Account
from milepost.foundation.identity.services import rename
from milepost.interfaces.web.access import open_route
from milepost.interfaces.web.trying import accepted

from .asking_again import asked_again
from .forms import AboutMe
from .posted import posted


@open_route("one's own account, whatever communities it belongs to")
@login_required
def hub(request: HttpRequest) -> HttpResponseBase:
    account = request.user
    assert isinstance(account, Account)
    start = {"name": account.get_full_name(), "language": account.language, "time_zone": account.time_zone}
    form = AboutMe(posted(request), initial=start)
    if form.is_valid() and accepted(form, lambda: _keep(account, form)):
        messages.success(request, _("Saved."))
        return redirect("account_hub")
    return render(request, "web/accounts/hub.html", {"form": form, "memberships": belongs_to(account)})


def _keep(account: Account, form: AboutMe) -> None:
    said = form.cleaned_data
    with transaction.atomic():
        rename(account, said["name"])
        choose_language_and_zone(account=account, language=said["language"], time_zone=said["time_zone"])


@open_route("one's own sessions")
@login_required
@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponseBase:
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.is_current():
        messages.info(request, _("That is this browser. Sign out instead."))
    else:
        session.end()
        messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")


class Goodbye(forms.Form):
    """Asks once, by the address of the account that goes."""

    mail = forms.EmailField(label=gettext_lazy("Type your mail address, so that nobody closes an account by mistake"))

    def __init__(self, *args: object, account: Account, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.account = account

    def clean_mail(self) -> str:
        mail: str = self.cleaned_data["mail"]
        if mail.lower() != self.account.email:
            raise forms.ValidationError(_("This is not the address of your account."))
        return mail


@open_route("one's own account")
@asked_again
def close(request: HttpRequest) -> HttpResponseBase:
    account = request.user
    assert isinstance(account, Account)
    form = Goodbye(posted(request), account=account)
    if form.is_valid() and accepted(form, lambda: close_account(account)):
        logout(request)
        messages.success(
            request, _("Your account is closed, and what it said about you is gone. Thank you for your time here.")
        )
        return redirect("/")
    context = {"form": form, "memberships": belongs_to(account), "account": account}
    return render(request, "web/accounts/close.html", context)
