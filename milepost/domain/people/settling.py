"""What stewards decide about the community as a whole: its name and face, who sees it, how people join."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

from .authority import check

CHANGEABLE = (
    "name",
    "tagline",
    "accent_hue",
    "time_zone",
    "language",
    "visibility",
    "join_policy",
    "join_questions",
)


def change_community(*, community: Community, by: Person | None, **fields: Any) -> Community:
    """Change some of `CHANGEABLE`; what stays the same leaves no trace. Audited.

    A new time zone records `community.time_zone_changed`, on which days are counted anew. Raises DomainError with what is
    wrong with a field, NotAllowed.
    """
    check(by, "community.settings", community)
    if unknown := set(fields) - set(CHANGEABLE):
        raise ValueError(f"not to be changed here: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        now = Community.objects.select_for_update().get(pk=community.pk)
        changes = {name: [getattr(now, name), value] for name, value in fields.items() if getattr(now, name) != value}
        if not changes:
            return now
        for name, (_before, after) in changes.items():
            setattr(now, name, after)
        _see_that_it_works(now)
        now.save(update_fields=list(changes))
        if "time_zone" in changes:
            record("community.time_zone_changed", community=now, by=by, data={"to": now.time_zone})
        trace("community.changed", community=now, by=by, obj=now, changes=changes)
        return now


def _see_that_it_works(community: Community) -> None:
    try:
        community.full_clean()
    except ValidationError as error:
        words = "; ".join(f"{field}: {' '.join(said)}" for field, said in error.message_dict.items())
        raise DomainError(words) from error
    if community.join_policy == Community.JoinPolicy.QUESTIONS and not community.questions():
        raise DomainError(
            _("To let people join by answers, ask at least one question."),
            _("Write a question, or choose another way."),
        )
