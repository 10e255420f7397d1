"""Taking part: one statement at a time, what one said so far, and statements of one's own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from milepost.domain.deliberation.models import Conversation, Statement, StatementVote
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.markdown import render as markdown
from milepost.foundation.identity.access import can
from milepost.foundation.identity.models import Person
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.home import links
from milepost.interfaces.web.ratelimits import limited
from milepost.interfaces.web.trying import accepted

from .forms import StatementForm
from .reading import address, find

CHOICES = ((1, "agree", "check"), (-1, "disagree", "x"), (0, "pass", "minus"))


@require_safe
@route("conversations.view")
def page(request: Request, conversation: str) -> HttpResponse:
    return _shown(request, find(request, conversation), StatementForm())


def _shown(request: Request, found: Conversation, form: StatementForm, *, said: str = "") -> HttpResponse:
    actor = request.actor
    voting = found.is_open and actor.person is not None and can(actor, "conversations.vote")
    context: dict[str, Any] = {
        "conversation": found,
        "text": markdown(found.text),
        "goal_url": links.goal(actor.community, found.goal.slug) if found.goal else "",
        "form": form,
        "said": said,
        "voting": voting,
        "may_write": found.is_open and can(actor, "conversations.write"),
        "may_tend": can(actor, "conversations.tend", found),
        **(_next(found, actor.person) if actor.person is not None else {}),
    }
    template = "web/conversations/page.html"
    if request.htmx and request.method == "POST":
        return render(request, f"{template}#ballot", context)
    return render(request, template, context, status=422 if form.errors else 200)


def _next(found: Conversation, person: Person) -> dict[str, Any]:
    """The statement that comes next, and how far one has come."""
    every = Statement.objects.filter(conversation=found).shown()
    count = every.count()
    left = every.not_voted_by(person).count()
    return {
        "statement": found.next_for(person) if found.is_open else None,
        "count": count,
        "done": count - left,
        "progress": ngettext(
            "You have voted on %(done)d of %(count)d statement.",
            "You have voted on %(done)d of %(count)d statements.",
            count,
        )
        % {"done": count - left, "count": count},
    }


@require_http_methods(["GET", "HEAD", "POST"])
@route("conversations.vote")
def votes(request: Request, conversation: str) -> HttpResponse:
    """GET: what one has said so far. POST: say it to one statement, for the first time or anew."""
    found = find(request, conversation)
    person = request.actor.person
    assert person is not None  # only members have the permission
    if request.method != "POST":
        return _so_far(request, found, person)
    number, value = request.POST.get("statement", ""), request.POST.get("value", "")
    if not (number.isdecimal() and len(number) < 9 and value in {"1", "-1", "0"}):
        raise DomainError(_("Agree, disagree or pass."))
    statement = get_object_or_404(Statement, conversation=found, number=int(number))
    statement.vote(by=person, value=int(value))
    if "again" in request.POST:
        messages.success(request, _("Changed."))
        return redirect(address(request.actor.community, found.slug, "votes/"))
    if request.htmx:
        # The next statement is read out: it takes the place of the one before.
        return _shown(request, found, StatementForm(), said=_("Your vote counts."))
    return redirect(address(request.actor.community, found.slug) + "#vote")


def _so_far(request: Request, found: Conversation, person: Person) -> HttpResponse:
    given = (
        StatementVote.objects.filter(conversation=found, person=person)
        .select_related("statement")
        .order_by("-at", "-pk")[:500]
    )
    rows = [
        {
            "number": one.statement.number,
            "text": one.statement.text,
            "value": one.value,
            "label": one.get_value_display(),
            "is_shown": one.statement.is_shown,
        }
        for one in given
    ]
    mine = Statement.objects.filter(conversation=found, written_by=person)
    context = {"conversation": found, "votes": rows, "written": mine, "is_open": found.is_open}
    return render(request, "web/conversations/votes.html", context)


@require_POST
@route("conversations.write")
@limited("statement", "30/h/user")
def write(request: Request, conversation: str) -> HttpResponse:
    found, by = find(request, conversation), request.actor.person
    form = StatementForm(request.POST)
    made: list[Statement] = []
    if form.is_valid() and accepted(form, lambda: made.append(found.write(by=by, text=form.cleaned_data["text"]))):
        if made[0].is_shown:
            messages.success(request, _("Thank you. Others vote on your statement now; you agree with it."))
        else:
            messages.success(request, _("Thank you. Somebody looks at your statement, then others vote on it."))
        return redirect(address(request.actor.community, found.slug))
    return _shown(request, found, form)
