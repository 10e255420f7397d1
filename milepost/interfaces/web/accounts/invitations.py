"""Inviting: links, mails and domains, who uses them, and taking them back."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from milepost.domain.paths import choosing
from milepost.domain.paths.models import Persona
from milepost.domain.people import inviting
from milepost.domain.people.letters import invitation_url
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Invitation
from milepost.foundation.identity.roles import RANK, Role
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from .membership import own
from .posted import posted

Kind = Invitation.Kind
NEWEST = 200
"""Invitations that the list shows."""


class InvitationForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("They become"))
    days = forms.TypedChoiceField(
        label=gettext_lazy("It works for"),
        coerce=int,
        choices=[
            (7, gettext_lazy("a week")),
            (30, gettext_lazy("a month")),
            (180, gettext_lazy("half a year")),
            (0, gettext_lazy("as long as nobody takes it back")),
        ],
        initial=30,
    )

    persona = forms.ChoiceField(
        label=gettext_lazy("For people like"),
        required=False,
        help_text=gettext_lazy("Who joins by it is asked on the first visit whether that is them."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        community = actor.community
        personas = Persona.objects.adopted().filter(community=community).values_list("slug", "name")
        persona = self.fields["persona"]
        assert isinstance(persona, forms.ChoiceField)
        persona.choices = [("", _("Nobody in particular")), *personas]
        if len(persona.choices) == 1:
            del self.fields["persona"]
        role.choices = [(r.value, r.label) for r in Role if RANK[r] <= RANK[actor.standing] and self.may(r)]

    def may(self, role: Role) -> bool:
        return role != Role.OWNER

    def expires_in(self) -> datetime.timedelta | None:
        days = self.cleaned_data["days"]
        return datetime.timedelta(days=days) if days else None


class LinkForm(InvitationForm):
    label = forms.CharField(
        label=gettext_lazy("Where you will put it"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("“The poster in the library”. Who comes by it is known to have come from there."),
    )
    max_uses = forms.IntegerField(
        label=gettext_lazy("For how many people"), min_value=1, max_value=100_000, required=False
    )
    field_order = ("label", "persona", "role", "max_uses", "days")


class MailForm(InvitationForm):
    mail = forms.EmailField(label=gettext_lazy("Mail address"))
    note = forms.CharField(
        label=gettext_lazy("A personal word"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands in the mail. A sentence from you does more than ours."),
    )
    field_order = ("mail", "note", "persona", "role", "days")

    def may(self, role: Role) -> bool:
        return True


class DomainForm(InvitationForm):
    domain = forms.CharField(
        label=gettext_lazy("Mail domain"),
        max_length=254,
        help_text=gettext_lazy(
            "Of an organisation, such as library.example.org: whoever has an address there may join."
        ),
    )
    label = forms.CharField(label=gettext_lazy("Where you will put it"), max_length=120, required=False)
    field_order = ("domain", "label", "persona", "role", "days")


FORMS: dict[str, type[InvitationForm]] = {Kind.LINK: LinkForm, Kind.MAIL: MailForm, Kind.DOMAIN: DomainForm}


@route("people.invite")
@limited("invite", "60/h/user")
def page(request: Request) -> HttpResponseBase:
    actor, person = request.actor, own(request)
    kind = request.GET.get("kind", Kind.LINK)
    kind = kind if kind in FORMS else Kind.LINK
    initial = {"persona": request.GET.get("persona", "")}
    form = FORMS[kind](posted(request), actor=actor, initial=initial)
    made: list[tuple[Invitation, str]] = []
    if form.is_valid() and accepted(form, lambda: made.append(_make(person, kind, form))):
        if kind == Kind.MAIL:
            messages.success(request, _("The invitation is on its way to %(mail)s.") % {"mail": made[0][0].mail})
            return redirect(f"{request.path}?kind={kind}")
        # Its token is shown now and never again, so there is no page to be led to.
        form = FORMS[kind](actor=actor)
    context = {
        "form": form,
        "made_url": invitation_url(person.community, made[0][1]) if made else "",
        "tabs": _tabs(request.path, kind),
        "invitations": _listed(actor),
        "now": clock.now(),
    }
    page = render(request, "web/accounts/invitations.html", context, status=422 if form.errors else 200)
    page.headers["Cache-Control"] = "no-store"
    return page


def _make(person: Any, kind: str, form: InvitationForm) -> tuple[Invitation, str]:
    made, token = _invite(person, kind, form)
    if slug := form.cleaned_data.get("persona"):
        persona = Persona.objects.adopted().get(community=person.community, slug=slug)
        choosing.invite_as(invitation=made, persona=persona, by=person)
    return made, token


def _invite(person: Any, kind: str, form: InvitationForm) -> tuple[Invitation, str]:
    said = form.cleaned_data
    common = {"community": person.community, "by": person, "role": said["role"], "expires_in": form.expires_in()}
    if kind == Kind.MAIL:
        return inviting.invite_mail(mail=said["mail"], note=said["note"], **common)
    if kind == Kind.DOMAIN:
        return inviting.invite_domain(domain=said["domain"], label=said["label"], **common)
    return inviting.invite_link(label=said["label"], max_uses=said["max_uses"], **common)


def _tabs(path: str, kind: str) -> list[dict[str, Any]]:
    words = {Kind.LINK: _("A link"), Kind.MAIL: _("One person, by mail"), Kind.DOMAIN: _("An organisation")}
    return [{"label": label, "url": f"{path}?kind={key}", "current": key == kind} for key, label in words.items()]


def _listed(actor: Actor) -> list[Invitation]:
    """One's own; stewards see all."""
    found = Invitation.objects.filter(community=actor.community).select_related("invited_by", "for_persona__persona")
    found = found.order_by("-created_at")
    if not can(actor, "people.admit"):
        found = found.filter(invited_by=actor.person)
    return list(found[:NEWEST])


@route("people.invite")
@require_POST
def revoke(request: Request, pk: str) -> HttpResponseBase:
    person = own(request)
    invitation = get_object_or_404(Invitation, pk=pk, community=person.community)
    inviting.revoke(invitation=invitation, by=person)
    messages.success(request, _("The invitation no longer works."))
    return redirect(reverse("invitations", kwargs={"slug": person.community.slug}))
