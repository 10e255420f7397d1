"""The steward's desk: what waits for a hand, and how the community is doing."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from milepost.domain.paths.models import Milestone, Persona
from milepost.domain.resources.models import ResourceVersion
from milepost.domain.spaces.models import Thread
from milepost.engines.milestones.bearings import bearings
from milepost.engines.milestones.models import Dispute, MilestoneClaim
from milepost.engines.milestones.rhythm import DEFINITION
from milepost.foundation.common import clock
from milepost.foundation.identity.access import Actor, can
from milepost.foundation.identity.models import Claim, Community, JoinRequest, Membership, MergeSuggestion, Person
from milepost.foundation.jobs.services import failures
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.charts import bundle, people_a_week
from milepost.interfaces.web.cursors import turn
from milepost.interfaces.web.home import talk
from milepost.outward.connectors.models import ImportRun

from .charts import recent

UNANSWERED_AFTER = datetime.timedelta(days=1)
UNANSWERED_WITHIN = datetime.timedelta(days=60)
NEW = datetime.timedelta(days=30)
PAGE = 30


@require_safe
@route("community.desk")
def desk(request: Request) -> HttpResponse:
    actor = request.actor
    weeks = recent(actor.community)
    drawn = bundle.available() and any(week.people for week in weeks)
    return render(
        request,
        "web/desk/desk.html",
        {
            "waiting": [item for item in _waiting(actor) if item["count"]],
            "stats": _stats(actor.community, [week.people for week in weeks]),
            "chart_title": people_a_week.finding(weeks),
            "chart_text": DEFINITION,
            "chart": drawn,
            "chart_columns": [
                {"label": _("Week from")},
                {"label": _("People"), "number": True},
                {"label": _("For the first time"), "number": True},
            ],
            "chart_rows": [[week.monday, week.people, week.newcomers] for week in reversed(weeks)] if drawn else [],
            "places": _places(actor),
        },
    )


def _waiting(actor: Actor) -> list[dict[str, Any]]:
    """What only a person can decide, with how much of it there is. One small count each."""
    community, base = actor.community, f"/c/{actor.community.slug}/"
    found: list[dict[str, Any]] = []

    def add(permission: str, count: int, text: str, url: str, action: str) -> None:
        if can(actor, permission):
            found.append({"count": count, "text": text, "url": base + url, "action": action})

    n = JoinRequest.objects.filter(community=community, accepted_at=None, declined_at=None).count()
    words = ngettext("%(n)d person asks to join", "%(n)d people ask to join", n) % {"n": n}
    add("people.admit", n, words, "requests/", _("Read their answers"))
    n = _unanswered(actor).count()
    words = ngettext("%(n)d question waits for longer than a day", "%(n)d questions wait for longer than a day", n) % {
        "n": n
    }
    add("community.desk", n, words, "desk/unanswered/", _("Find someone who can answer"))
    n = MilestoneClaim.objects.for_verifier(actor).waiting().count()
    words = ngettext("%(n)d member says they reached a milestone", "%(n)d members say they reached a milestone", n) % {
        "n": n
    }
    add("milestones.award", n, words, "verification/", _("Look at what shows it"))
    n = Dispute.objects.open().filter(community=community).count()
    words = ngettext("%(n)d award is doubted", "%(n)d awards are doubted", n) % {"n": n}
    add("milestones.award", n, words, "disputes/", _("Settle it"))
    personas = Persona.objects.proposed().filter(community=community).order_by().values_list(Value("persona"))
    milestones = Milestone.objects.proposed().filter(community=community).order_by().values_list(Value("milestone"))
    proposed = Counter(kind for (kind,) in personas.union(milestones, all=True).order_by())
    n = proposed["milestone"]
    words = ngettext("%(n)d milestone is proposed", "%(n)d milestones are proposed", n) % {"n": n}
    add("paths.write", n, words, "desk/milestones/?show=proposed", _("Adopt or decline"))
    n = proposed["persona"]
    words = ngettext("%(n)d persona is proposed", "%(n)d personas are proposed", n) % {"n": n}
    add("personas.write", n, words, "personas/", _("Adopt or decline"))
    n = ResourceVersion.objects.waiting().filter(community=community).count()
    words = ngettext("%(n)d resource is proposed", "%(n)d resources are proposed", n) % {"n": n}
    add("resources.tend", n, words, "desk/resources/", _("Read and decide"))
    n = Claim.objects.filter(community=community, granted_at=None, refused_at=None).count()
    words = ngettext("%(n)d person says “that was me”", "%(n)d people say “that was me”", n) % {"n": n}
    add("people.link", n, words, "claims/", _("Look at the claims"))
    n = MergeSuggestion.objects.filter(community=community, dismissed_at=None).count()
    words = ngettext("%(n)d pair may be one person", "%(n)d pairs may be one person", n) % {"n": n}
    add("people.link", n, words, "claims/suggestions/", _("Compare them"))
    n = ImportRun.objects.unfinished().filter(community=community).count()
    words = ngettext("%(n)d import is not finished", "%(n)d imports are not finished", n) % {"n": n}
    add("imports.run", n, words, "import/", _("See how far it is"))
    n = failures(community_id=community.pk).count()
    words = ngettext("%(n)d background job failed", "%(n)d background jobs failed", n) % {"n": n}
    add("jobs.view", n, words, "desk/work/", _("See why, and run it again"))
    return found


def _unanswered(actor: Actor) -> QuerySet[Thread]:
    """Conversations that nobody has answered for a day, of the last two months, where one could."""
    now = clock.now()
    return Thread.objects.visible_to(actor).filter(
        post_count=1,
        closed_at=None,
        space__read_only_at=None,
        space__archived_at=None,
        started_at__lt=now - UNANSWERED_AFTER,
        started_at__gt=now - UNANSWERED_WITHIN,
    )


@require_safe
@route("community.desk")
def unanswered(request: Request) -> HttpResponse:
    """Those that wait longest first."""
    actor = request.actor
    turned = turn(_unanswered(actor).values(*talk.FIELDS), ("last_post_at", "pk"), request.GET, PAGE)
    now = bearings(actor.community)
    threads = [talk.shown(actor, now, row) for row in turned.rows]
    return render(request, "web/desk/unanswered.html", {"threads": threads, "page": turned})


def _stats(community: Community, weeks: list[int]) -> list[dict[str, Any]]:
    """Members now and lately; each with its definition."""
    base, since = f"/c/{community.slug}/", clock.now() - NEW
    listed = Person.objects.in_community(community).listed()
    joined = listed.filter(membership__joined_at__gte=since).count()
    left = Membership.objects.filter(community=community, left_at__gte=since).count()
    paused = Membership.objects.filter(community=community).paused().filter(~Q(person__account=None)).count()
    return [
        {
            "label": _("Members"),
            "value": listed.count(),
            "rows_url": f"{base}people/",
            "definition_url": f"{base}definitions/#members",
        },
        {
            "label": _("Joined"),
            "period": _("30 days"),
            "value": joined,
            "rows_url": f"{base}people/?since=30",
            "change": ngettext("%(n)d left", "%(n)d left", left) % {"n": left},
        },
        {"label": _("On a break"), "value": paused, "rows_url": f"{base}people/?state=paused"},
        {
            "label": _("Taking part"),
            "period": _("last week"),
            "value": weeks[-1] if weeks else 0,
            "spark": weeks if any(weeks) else [],
            "spark_label": _("People taking part, by week, over half a year"),
        },
    ]


def _places(actor: Actor) -> list[dict[str, str]]:
    base = f"/c/{actor.community.slug}/"
    every = (
        (
            "paths.write",
            "desk/milestones/",
            _("Milestones"),
            _("What members can reach, and how it is found that they did."),
        ),
        (
            "coverage.view",
            "coverage/",
            _("What to make next"),
            _("Where people wait on the way, what helps, and what came of it."),
        ),
        (
            "opportunities.tend",
            "desk/opportunities/",
            _("What waits for hands"),
            _("Requests without anyone, and how much one person takes on."),
        ),
        ("people.invite", "invitations/", _("Invite people"), _("By link, by mail, or a whole domain.")),
        (
            "people.role",
            "desk/organisations/new/",
            _("Add an organisation"),
            _("A partner, a venue, a sponsor as a member."),
        ),
        ("people.link", "claims/merges/", _("Merged people"), _("Who was merged, and how to split them again.")),
        ("imports.run", "import/", _("Import"), _("Bring in a history from Slack, Discord, mail, a forum or a table.")),
        ("log.view", "log/", _("Log"), _("Everything that happened, with filters.")),
        ("audit.view", "desk/trail/", _("Audit trail"), _("What stewards changed, with before and after.")),
        ("jobs.view", "desk/work/", _("Background work"), _("What runs behind the pages, and what failed.")),
        ("community.settings", "settings/", _("Settings"), _("Name, colour, who sees the community, how people join.")),
        ("community.export", "export/", _("Take everything out"), _("The whole community as documented files.")),
    )
    return [{"title": title, "url": base + url, "text": text} for name, url, title, text in every if can(actor, name)]
