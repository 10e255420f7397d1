"""Definitions and awards as plain rows, for the command line and the API."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet

from milepost.domain.paths.models import Milestone
from milepost.foundation.identity.models import Community, Identity

from .models import Award, RuleInForce

BATCH = 2_000


def definitions(community: Community) -> list[dict[str, Any]]:
    """The community's milestones in their order, with how many people reached each. Three queries."""
    counted = Count("awards__person", filter=Q(awards__revoked_at__isnull=True), distinct=True)
    rows = Milestone.objects.adopted().filter(community=community).select_related("value")
    reached = dict(rows.annotate(n=counted).values_list("pk", "n"))
    force = dict(RuleInForce.objects.filter(community=community).values_list("milestone", "version"))
    required: dict[uuid.UUID, list[str]] = {}
    for pk, slug in rows.filter(requires__isnull=False).order_by("requires__slug").values_list("pk", "requires__slug"):
        required.setdefault(pk, []).append(slug)
    return [
        {
            "slug": m.slug,
            "name": m.name,
            "why": m.why,
            "kind": m.kind,
            "reached_by": m.way,
            "verified_by": m.verified_by,
            "rule": m.rule or None,
            "levels": m.levels,
            "version": m.version,
            "in_force": force.get(m.pk, 0),
            "repeats": m.repeats,
            "requires": required.get(m.pk, []),
            "secret": m.is_secret,
            "valid_for_days": m.valid_for_days,
            "value": m.value.slug if m.value else None,
            "retired": m.retired_at is not None,
            "reached": reached[m.pk],
        }
        for m in rows
    ]


def awards(
    community: Community, *, milestone: str = "", member: uuid.UUID | None = None, revoked: bool = False
) -> Iterator[dict[str, Any]]:
    """Every award in the order of the days, streamed: who, what, when, by which version, on what evidence."""
    found = Award.objects.filter(community=community)
    if not revoked:
        found = found.standing()
    if milestone:
        found = found.filter(milestone__slug=milestone)
    if member:
        found = found.filter(person=member)
    rows = found.select_related("person", "milestone", "awarded_by").order_by("reached_on", "milestone__slug", "pk")
    for batch in _batches(rows):
        known = _identities({award.person_id for award in batch})
        yield from (told(award, known.get(award.person_id, [])) for award in batch)


def _batches(rows: QuerySet[Award]) -> Iterator[list[Award]]:
    batch: list[Award] = []
    for award in rows.iterator(chunk_size=BATCH):
        batch.append(award)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _identities(people: set[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    found: dict[uuid.UUID, list[str]] = {}
    rows = Identity.objects.filter(person__in=people).order_by("source", "source_key")
    for person, source, key in rows.values_list("person_id", "source", "source_key"):
        found.setdefault(person, []).append(f"{source}:{key}")
    return found


def told(award: Award, identities: list[str]) -> dict[str, Any]:
    return {
        "id": award.pk,
        "member": {"id": award.person_id, "name": award.person.name, "identities": identities},
        "milestone": award.milestone.slug,
        "occurrence": award.occurrence,
        "reached_on": award.reached_on,
        "how": award.how,
        "rule_version": award.rule_version,
        "awarded_by": award.awarded_by.name if award.awarded_by else None,
        "evidence": evidence_of(award),
        "backfilled": award.backfilled,
        "brought_from": award.brought_from,
        "expires_on": award.expires_on,
        "revoked_at": award.revoked_at,
    }


def evidence_of(award: Award) -> dict[str, Any]:
    return {
        "text": award.evidence,
        "link": award.link,
        "file": award.file_name,
        "activities": [
            {"verb": verb, "object": thing, "at": datetime.datetime.fromisoformat(at)}
            for verb, thing, at in award.activities
        ],
    }
