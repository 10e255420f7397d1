"""The audit trail: what stewards and operators changed."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from milepost.foundation.audit.models import AuditEntry
from milepost.interfaces.web import times
from milepost.interfaces.web.access import Request, route
from milepost.interfaces.web.cursors import turn

PAGE = 50
SHOWN = 160
SYSTEM = gettext_noop("The command line or the site")


@require_safe
@route("audit.view")
def page(request: Request) -> HttpResponse:
    """Newest first; filtered by a word in the action or the name of the thing."""
    word = " ".join(request.GET.get("q", "").replace("\0", "").split())[:80]
    found = AuditEntry.objects.filter(community=request.actor.community)
    if word:
        found = found.filter(action__icontains=word) | found.filter(object_name__icontains=word)
    columns = ("pk", "at", "action", "object_name", "changes", "reason", "person__name")
    turned = turn(found.values(*columns), ("-at", "-pk"), request.GET, PAGE)
    context = {
        "columns": [
            {"label": label} for label in (_("When"), _("Who"), _("What"), _("Which"), _("Changed"), _("Reason"))
        ],
        "rows": [_cells(row) for row in turned.rows],
        "page": turned,
        "filters": [{"name": "q", "label": _("Word"), "type": "search", "value": word}],
        "clear_url": request.path if word else "",
    }
    return render(request, "web/desk/trail.html", context)


def _cells(row: dict[str, Any]) -> list[Any]:
    return [
        times.clock(row["at"]),
        row["person__name"] or _(SYSTEM),
        row["action"],
        row["object_name"],
        "; ".join(_change(name, pair) for name, pair in row["changes"].items()),
        row["reason"],
    ]


def _change(name: str, pair: Any) -> str:
    if not isinstance(pair, list) or len(pair) != 2:
        return f"{name}: {_short(pair)}"
    return f"{name}: {_short(pair[0])} → {_short(pair[1])}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
