"""Finishing what a group set out to do, as a milestone."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.paths.describing import Details
from milepost.domain.paths.models import Cohort, Milestone
from milepost.foundation.common.errors import Conflict
from milepost.foundation.conditions import parse
from milepost.foundation.identity.models import Person

from .backfilling import put_in_force


def rule(cohort: Cohort) -> dict[str, Any]:
    """As definitions keep it: in its canonical form."""
    tree = {"did": "cohort.finished", "in": {"object": f"cohort:{cohort.slug}"}}
    return parse(tree, community=cohort.community).tree


def finishing(cohort: Cohort) -> Milestone | None:
    """The milestone that finishing it is, if there is one."""
    return Milestone.objects.pursued().filter(community=cohort.community_id, rule=rule(cohort)).first()


def make_milestone(cohort: Cohort, *, name: str, why: str = "", by: Person | None) -> Milestone:
    """A steward makes finishing it a milestone, in force at once; who has finished already is found by `backfill`. Audited.

    Raises Conflict where it is one, DomainError for a name that is taken.
    """
    with transaction.atomic():
        Cohort.objects.select_for_update().get(pk=cohort.pk)
        if finishing(cohort) is not None:
            raise Conflict(_("Finishing it is a milestone already."))
        details = Details(way=Milestone.Way.RULE, rule=rule(cohort))
        made = Milestone.define(community=cohort.community, name=name, why=why, by=by, icon="flag", details=details)
        if cohort.milestone_id is None:
            cohort.change(by=by, milestone=made)
        put_in_force(made, by=by)
    return made
