"""Goals: drafted, adopted, changed, retired and taken up again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from milepost.domain.goals.models import Goal
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import DomainError, NotAllowed
from tests.factories import make_cast, make_milestone, make_value

pytestmark = pytest.mark.django_db


def test_a_goals_life() -> None:
    cast = make_cast()
    goal = Goal.draft(community=cast.community, by=cast.lan, title=" 200 of us  play live ", target=Decimal(200))
    assert (goal.title, goal.slug) == ("200 of us play live", "200-of-us-play-live")
    assert not Goal.objects.adopted().exists()
    for _ in range(2):
        goal.adopt(by=cast.lan)
    goal.change(by=cast.lan, title="300 of us play live", target=Decimal(300))
    goal.retire(by=cast.lan, reason="Done with it")
    assert not Goal.objects.adopted().exists()
    goal.resume(by=cast.lan)
    goal.refresh_from_db()
    assert Goal.objects.adopted().get().target == 300
    assert goal.slug == "200-of-us-play-live"
    verbs = list(Activity.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["goal.adopted", "goal.changed", "goal.retired", "goal.resumed"]
    changed = AuditEntry.objects.get(action="goal.changed")
    assert changed.changes["title"] == ["200 of us play live", "300 of us play live"]


def test_goals_of_one_title_have_addresses_of_their_own() -> None:
    cast = make_cast()
    slugs = [Goal.draft(community=cast.community, by=cast.lan, title=title).slug for title in ("New", "Rooms", "Rooms")]
    # Below goals/new/ stands the form for a new one.
    assert slugs == ["new-2", "rooms", "rooms-2"]


def test_what_belongs_to_others_cannot_be_served() -> None:
    cast = make_cast()
    for field, row in (("value", make_value()), ("milestone", make_milestone())):
        with pytest.raises(DomainError, match="another community"):
            Goal.draft(community=cast.community, by=cast.lan, title="Ours", **{field: row})
    with pytest.raises(DomainError):
        Goal.draft(community=cast.community, by=cast.lan, title="Ours", target=Decimal(0))
    with pytest.raises(DomainError):
        Goal.draft(community=cast.community, by=cast.lan, title="")
    with pytest.raises(ValueError, match="colour"):
        Goal.draft(community=cast.community, by=cast.lan, title="Ours", colour="green")


@pytest.mark.parametrize("who", ["mateus", "soraya"])
def test_only_stewards_write_goals(who: str) -> None:
    cast = make_cast()
    person = getattr(cast, who)
    goal = Goal.draft(community=cast.community, by=cast.lan, title="Ours")
    for change in (
        lambda: Goal.draft(community=cast.community, by=person, title="Mine"),
        lambda: goal.adopt(by=person),
        lambda: goal.change(by=person, title="Mine"),
        lambda: goal.retire(by=person),
        lambda: goal.adopt(by=make_cast().amara),
    ):
        with pytest.raises(NotAllowed):
            change()
