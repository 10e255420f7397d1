"""The way into a community: by its policy, or by an invitation. The mission comes first, on each of these pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from milepost.domain.charter.agreeing import join_and_agree
from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.people import inviting, joining, linking
from milepost.engines.milestones import welcoming
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.common.markdown import render as as_html
from milepost.foundation.identity.models import Account, Community, Invitation, JoinRequest, Membership
from milepost.interfaces.web.access import Request, actor_for, open_route, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from .posted import posted

Policy = Community.JoinPolicy


class JoinForm(forms.Form):
    """Whatever the community asks of those who want to join: nothing, agreement, or answers to its questions."""

    came_from = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, community: Community, version: CharterVersion | None, invited: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions: list[dict[str, Any]] = []
        if community.join_policy == Policy.AGREE and version is not None:
            # The version that was read goes along: another one may come into force meanwhile.
            self.fields["version"] = forms.UUIDField(widget=forms.HiddenInput, initial=version.pk)
            self.fields["agree"] = forms.BooleanField(label=_("I agree to the mission, the values and the agreements"))
        if community.join_policy == Policy.QUESTIONS and not invited:
            self.questions = community.questions()
            for question in self.questions:
                self.fields[f"answer_{question['key']}"] = forms.CharField(
                    label=question["question"], max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
                )

    def answers(self) -> dict[str, str]:
        return {q["key"]: self.cleaned_data[f"answer_{q['key']}"] for q in self.questions}

    def version(self, community: Community) -> CharterVersion | None:
        """The version of the charter that the person has read."""
        read = self.cleaned_data.get("version")
        return CharterVersion.objects.filter(community=community, pk=read).first() if read else None


def came_from(request: HttpRequest) -> str:
    """`?from=` of the link that led here; else the site that did, if it was another."""
    said = request.GET.get("from", "").strip()
    if said:
        return said[:120]
    host = urlsplit(request.headers.get("referer", "")).hostname or ""
    own = {urlsplit(settings.MILEPOST_URL).hostname, request.get_host().partition(":")[0]}
    return "" if host in own else host[:120]


def _charter(community: Community, version: CharterVersion | None) -> dict[str, Any]:
    return {
        # Whoever has read enough need not look for the end of the page.
        "mission_actions": [{"label": _("Join"), "url": "#join"}],
        "charter": version,
        "agreements": as_html(version.agreements) if version and version.agreements else "",
        "values": list(Value.objects.filter(community=community).held()),
    }


def _ways_in(request: HttpRequest, origin: str) -> dict[str, str]:
    """For who is not signed in: sign-up and sign-in lead back to this page."""
    back = f"{request.path}?{urlencode({'from': origin})}" if origin else request.path
    query = urlencode({"next": back})
    return {
        "signup_url": f"{reverse('account_signup')}?{query}",
        "login_url": f"{reverse('account_login')}?{query}",
    }


@route("community.view")
@limited("join", "20/h/user")
def join(request: Request) -> HttpResponseBase:
    actor, community = request.actor, request.actor.community
    if actor.membership is not None:
        return redirect("home", slug=community.slug)
    account, version = actor.account, CharterVersion.objects.in_force(community)
    if request.method == "POST" and account is None:
        return redirect_to_login(request.get_full_path())
    origin = request.POST.get("came_from") or came_from(request)
    form = JoinForm(posted(request), community=community, version=version, initial={"came_from": origin})
    if account is not None and form.is_valid() and accepted(form, lambda: _enter(account, community, form)):
        return _entered(request, account, community)
    waiting = (
        JoinRequest.objects.filter(
            community=community, account=account, accepted_at__isnull=True, declined_at__isnull=True
        ).first()
        if account
        else None
    )
    context = {"form": form, "waiting": waiting, "policy": community.join_policy}
    context |= _charter(community, version) | _ways_in(request, origin)
    return render(request, "web/accounts/join.html", context, status=422 if form.errors else 200)


def _enter(account: Account, community: Community, form: JoinForm) -> None:
    origin = form.cleaned_data["came_from"]
    if community.join_policy == Policy.QUESTIONS:
        joining.ask(account=account, community=community, answers=form.answers(), came_from=origin)
    elif community.join_policy == Policy.AGREE:
        join_and_agree(account=account, community=community, version=form.version(community), came_from=origin)
    else:
        joining.join(account=account, community=community, came_from=origin)


def _entered(request: HttpRequest, account: Account, community: Community) -> HttpResponseBase:
    """Where to go from here: the first steps; or before them what someone did here before, if there is something to claim."""
    membership = Membership.objects.of(account, community)
    if membership is None:
        messages.success(request, _("Your answers are with the stewards. You will get a mail when they have decided."))
        return redirect("join", slug=community.slug)
    messages.success(request, _("You belong to %(name)s now. Good to have you here.") % {"name": community.name})
    welcome = welcoming.of(community, membership.person)
    if welcome is None or welcome.closed_at is None:
        # Known to the browser, so that every page can lead back to them without asking the database.
        request.session[welcoming.OPEN] = community.slug
    if linking.claimable(membership.person).exists():
        return redirect("claiming", slug=community.slug)
    return redirect("home" if welcome and welcome.closed_at else "welcome", slug=community.slug)


# --- by invitation ----------------------------------------------------------------------------------


@open_route("whoever has an invitation may see what it invites to")
@limited("invitation", "30/h/user")
def landing(request: Request, token: str) -> HttpResponseBase:
    try:
        invitation = inviting.find(token)
    except DomainError as error:
        return render(request, "web/accounts/invitation_over.html", {"reason": error}, status=404)
    community = invitation.community
    request.actor = actor = actor_for(request, community)
    if actor.membership is not None:
        messages.info(request, _("You belong to %(name)s already.") % {"name": community.name})
        return redirect("home", slug=community.slug)
    account, version = actor.account, CharterVersion.objects.in_force(community)
    if request.method == "POST" and account is None:
        return redirect_to_login(request.get_full_path())
    origin = request.POST.get("came_from") or request.GET.get("from", "")[:120]
    form = JoinForm(posted(request), community=community, version=version, invited=True, initial={"came_from": origin})
    if account is not None and form.is_valid() and accepted(form, lambda: _accept(account, invitation, token, form)):
        return _entered(request, account, community)
    context = {"form": form, "invitation": invitation, "policy": community.join_policy, "needed": _needed(invitation)}
    context |= _charter(community, version) | _ways_in(request, origin)
    page = render(request, "web/accounts/invitation.html", context, status=422 if form.errors else 200)
    # The address is a key: no search engine keeps it, and no other site hears of it.
    for name, said in (("X-Robots-Tag", "noindex"), ("Referrer-Policy", "same-origin"), ("Cache-Control", "no-store")):
        page.headers[name] = said
    return page


def _accept(account: Account, invitation: Invitation, token: str, form: JoinForm) -> None:
    community, origin = invitation.community, form.cleaned_data["came_from"]
    try:
        if community.join_policy == Policy.AGREE:
            version = form.version(community)
            join_and_agree(account=account, community=community, version=version, came_from=origin, token=token)
        else:
            inviting.accept(token=token, account=account, came_from=origin)
    except NotAllowed as error:
        # The address does not fit: the page stays, and says what to do.
        raise DomainError(error.message, error.hint) from error


def _needed(invitation: Invitation) -> str:
    """The address, or its end, that may use the invitation."""
    if invitation.kind == Invitation.Kind.DOMAIN:
        return f"@{invitation.domain}"
    return invitation.mail
