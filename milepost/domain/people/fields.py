"""What rules may ask of a member: what they are to the community, since when, and what they say about themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity import registry as log
from milepost.foundation.common.databases import local_day_sql
from milepost.foundation.conditions.registry import Choices, Field, field, fields_from, made_field, shorthand
from milepost.foundation.conditions.sql import Sql, key
from milepost.foundation.identity.models import Membership, Person
from milepost.foundation.identity.roles import Role

from .models import AttributeDefinition, Profile

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community


def _person(column: str) -> str:
    return f"(SELECT p.{column} FROM identity_person p WHERE p.id = m.person_id)"


def _profile(column: str) -> str:
    return f"(SELECT f.{column} FROM people_profile f WHERE f.person_id = m.person_id)"


def _account(column: str) -> str:
    return (
        f"(SELECT a.{column} FROM identity_person p JOIN identity_account a ON a.id = p.account_id"
        " WHERE p.id = m.person_id)"
    )


def _joined(community: Community) -> Sql:
    return Sql(local_day_sql("m.joined_at", f"'{community.time_zone}'"))


JOINING = ("member.joined", "member.left")
PROFILE = ("profile.changed",)

field("role", "choice", label=_("Role"), sql="m.role", choices=Role.choices, verbs=("role.taken",), as_key=True)
field(
    "audience",
    "choice",
    label=_("Audience"),
    sql="m.audience",
    choices=Membership.Audience.choices,
    verbs=("member.audience_changed",),
    as_key=True,
)
field("joined", "date", label=_("Day of joining"), sql=_joined, verbs=JOINING, moment="m.joined_at")
field(
    "paused",
    "flag",
    label=_("On a break"),
    sql="(m.paused_at IS NOT NULL)",
    verbs=("member.paused", "member.returned"),
)
field("came_from", "text", label=_("Where they came from"), sql="m.came_from", verbs=JOINING)
field("kind", "choice", label=_("Kind"), sql=_person("kind"), choices=Person.Kind.choices)
field(
    "signs_in",
    "flag",
    label=_("Has a sign-in here"),
    sql="EXISTS (SELECT 1 FROM identity_person p WHERE p.id = m.person_id AND p.account_id IS NOT NULL)",
    verbs=("person.claimed", *JOINING),
)
field(
    "celebration",
    "choice",
    label=_("How they want to be celebrated"),
    sql=f"COALESCE({_profile('celebration')}, '{Profile.Celebration.COMMUNITY.value}')",
    choices=Profile.Celebration.choices,
    verbs=("celebration.chosen",),
)
field(
    "language",
    "choice",
    label=_("Language"),
    sql=_account("language"),
    choices=settings.LANGUAGES,
    verbs=PROFILE,
)
field("time_zone", "text", label=_("Time zone"), sql=_account("time_zone"), verbs=PROFILE)
field("place", "text", label=_("Place"), sql=_profile("place"), verbs=PROFILE)
field("pronouns", "text", label=_("Pronouns"), sql=_profile("pronouns"), verbs=PROFILE, sensitive=True)
field("headline", "text", label=_("In one line"), sql=_profile("headline"), verbs=PROFILE)

# --- what a community asks besides -----------------------------------------------------------------------

_COLUMNS = {"text": "text", "choice": "text", "tags": "text", "number": "number", "date": "day"}


@fields_from
def own_fields(community: Community) -> Iterator[Field]:
    """The attributes that stewards defined."""
    for one in AttributeDefinition.objects.asked().filter(community=community):
        yield made_field(
            one.slug,
            one.kind,
            label=one.label,
            sql=_value(one),
            choices=_options(one) if one.options else None,
            verbs=PROFILE,
            sensitive=one.is_sensitive,
            custom=True,
        )


def _value(one: AttributeDefinition) -> Callable[[Any], Sql]:
    select = (
        f"SELECT v.{_COLUMNS[one.kind]} FROM people_attributevalue v"
        " WHERE v.definition_id = %s AND v.person_id = m.person_id"
    )
    found = Sql(select if one.kind == "tags" else f"({select})", (key(one.pk),))
    return lambda _community: found


def _options(one: AttributeDefinition) -> Callable[[Any], Choices]:
    return lambda _community: [(option, option) for option in one.options]


# --- how much someone takes part ------------------------------------------------------------------------

TAKING_PART = (
    "thread.started",
    "reply.posted",
    "reaction.given",
    "event.attended",
    "resource.finished",
    "task.finished",
    "opportunity.taken",
    "contact.made",
    "vote.cast",
    "praise.given",
)
"""What counts as taking part, as far as this site knows the verb."""

ENGAGEMENT = (
    ("core", _("at the core: on 12 days or more of the past 90")),
    ("regular", _("regular: on 4 to 11 days of the past 90")),
    ("occasional", _("occasional: on 1 to 3 days of the past 90")),
    ("quiet", _("quiet: on none of the past 90 days")),
)
_DAYS = {"core": (12, None), "regular": (4, 12), "occasional": (1, 4), "quiet": (None, 1)}


def engagement(level: str) -> dict[str, Any]:
    """The level as a rule over the days on which someone took part in the past 90."""
    verbs = [verb for verb in TAKING_PART if verb in log.verbs()]
    low, below = _DAYS[level]
    parts: list[dict[str, Any]] = []
    if low:
        parts.append({"did": verbs, "days_at_least": low, "within": "P90D"})
    if below:
        parts.append({"not": {"did": verbs, "days_at_least": below, "within": "P90D"}})
    return parts[0] if len(parts) == 1 else {"all": parts}


shorthand("engagement", label=_("Engagement"), choices=ENGAGEMENT, expand=engagement)
