"""What a run says of itself, for pages: in words and figures, with ways on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.spaces.models import Space
from milepost.foundation.activity import following
from milepost.foundation.common.markdown import excerpt
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import MergeSuggestion
from milepost.interfaces.web.times import figure
from milepost.outward.connectors import intake
from milepost.outward.connectors.importing import report_of
from milepost.outward.connectors.models import ImportRun
from milepost.outward.connectors.records import REASONS, SKIPPED

from .guides import guide_to

SHOWN_SPACES = 12
SHOWN_ROWS = 5
BADGES = {"chosen": "", "running": "going", "failed": "risk", "cancelled": "", "finished": "reached"}


def states() -> dict[str, str]:
    return {
        "chosen": _("Waits for your choice"),
        "running": _("Under way"),
        "failed": _("Stopped by an error"),
        "cancelled": _("Stopped"),
        "finished": _("Done"),
    }


def in_history(run: ImportRun) -> dict[str, Any]:
    counts = run.counts
    words = [
        ngettext("%(n)s message", "%(n)s messages", n) % {"n": figure(n)} if (n := counts.get("messages", 0)) else "",
        ngettext("%(n)s person", "%(n)s people", n) % {"n": figure(n)} if (n := counts.get("people", 0)) else "",
        ngettext("%(n)s activity", "%(n)s activities", n) % {"n": figure(n)}
        if (n := counts.get("activities", 0)) and not counts.get("messages")
        else "",
    ]
    return {
        "pk": run.pk,
        "name": run.file_name,
        "tool": name_of(run),
        "at": run.started_at or run.created_at,
        "state": states()[run.state],
        "badge": BADGES[run.state],
        "counts": [w for w in words if w],
        "percent": run.percent if run.state == "running" else None,
    }


def name_of(run: ImportRun) -> str:
    guide = guide_to(run.kind)
    name = str(guide.name) if guide else run.kind
    label = run.source.partition(":")[2]
    return f"{name} ({label})" if label else name


def seen(run: ImportRun) -> dict[str, Any]:
    """The preview in words."""
    found = run.preview
    about = bool(found) and not found.get("exact", True)
    figures = [
        (_("People"), found.get("people", 0), False),
        (_("Channels"), len(found.get("channels", [])) + found.get("more_channels", 0), False),
        (_("Messages"), found.get("messages", 0), about),
        (_("Conversations"), found.get("threads", 0), about),
        (_("Reactions"), found.get("reactions", 0), about),
        (_("Activities"), found.get("activities", 0), about),
    ]
    return {
        "tool": name_of(run),
        "figures": [{"label": label, "value": value, "about": roughly} for label, value, roughly in figures if value],
        "first_at": moment(found.get("first_at")),
        "last_at": moment(found.get("last_at")),
        "skipped": reasons(found.get("skipped", {})),
        "sample": [
            row | {"when": moment(row["when"]), "what": excerpt(row["what"], 180)} for row in found.get("sample", [])
        ],
        "raw_columns": [{"label": column} for column in found.get("columns", [])],
        "raw_rows": found.get("rows", []),
        "problems": [
            {
                "place": p["where"],
                "line": p["line"],
                "reason": REASONS.get(p["reason"], p["reason"]),
                "detail": p["detail"],
            }
            for p in found.get("problems", [])[:SHOWN_ROWS]
        ],
    }


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def reasons(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Why things were left out, the most first."""
    known = SKIPPED | {
        "already_there": _("What was there already"),
        "erased": _("What people wrote who were erased here"),
    }
    return [
        {"count": n, "text": known.get(name, name)}
        for name, n in sorted(counts.items(), key=lambda item: -item[1])
        if n
    ]


def of(actor: Actor, run: ImportRun) -> dict[str, Any]:
    """What a run that has begun brought so far, and what can be done now."""
    brought = report_of(run)
    job = intake.work_of(run) if run.state in {"running", "failed"} else None
    common = {
        "tool": name_of(run),
        "state": states()[run.state],
        "job": job,
        "waiting": job is not None and job.started_at is None,
        "orphan": run.state == "running" and job is None,
        "percent": run.percent,
        "figures": _figures(run, actor),
        "first_at": brought.first_at,
        "last_at": brought.last_at,
        "skipped": reasons(brought.skipped_by_reason),
        "quarantined": brought.quarantined,
        "noted": brought.noted,
    }
    return common | (_ways_on(actor, run) if run.state == "finished" else {})


def _figures(run: ImportRun, actor: Actor) -> list[dict[str, Any]]:
    counts, base = run.counts, f"/c/{actor.community.slug}/"
    figures = [
        (_("Messages"), counts.get("messages", 0), ""),
        (_("Conversations"), counts.get("threads", 0), ""),
        (_("Spaces"), counts.get("channels", 0), f"{base}spaces/"),
        (_("People"), counts.get("people", 0), ""),
        (_("Reactions"), counts.get("reactions", 0) + counts.get("unnamed_reactions", 0), ""),
        (_("Activities in the log"), counts.get("activities", 0), f"{base}log/"),
    ]
    return [{"label": label, "value": value, "url": url} for label, value, url in figures]


def _ways_on(actor: Actor, run: ImportRun) -> dict[str, Any]:
    theirs = Space.objects.filter(community=run.community, source=run.source)
    spaces = Space.objects.visible_to(actor).filter(pk__in=theirs).order_by("-post_count", "name")
    total = spaces.count()
    behind = max((row["behind"] for row in following.status()), default=0)
    return {
        "spaces": list(spaces.values("slug", "name", "kind", "post_count", "thread_count")[:SHOWN_SPACES]),
        "more_spaces": max(0, total - SHOWN_SPACES),
        "closed_spaces": theirs.count() - total,
        "behind": behind,
        "suggestions": MergeSuggestion.objects.filter(community=run.community, dismissed_at=None).count(),
        "rows": [row_of(row) for row in run.quarantine.order_by("noted", "pk")[:SHOWN_ROWS]],
    }


def row_of(row: Any) -> dict[str, Any]:
    return {
        "place": row.place,
        "line": row.line,
        "reason": row.reason_text,
        "detail": row.detail,
        "excerpt": row.excerpt,
        "noted": row.noted,
    }
