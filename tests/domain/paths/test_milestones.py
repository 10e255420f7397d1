"""The stones on the way: defined, renamed, taken off and put back by stewards."""

from __future__ import annotations

import pytest

from milepost.domain.paths.models import Milestone
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from tests.factories import make_cast

pytestmark = pytest.mark.django_db


def test_a_milestones_life() -> None:
    cast = make_cast()
    first = Milestone.define(community=cast.community, name="First live gig", by=cast.lan)
    second = Milestone.define(community=cast.community, name="First paid gig", by=cast.lan, why=" It is work. ")
    assert first.position < second.position
    assert second.why == "It is work."
    with pytest.raises(Conflict):
        Milestone.define(community=cast.community, name="first PAID gig", by=cast.lan)
    second.change(name="First fee", why="It is work.", by=cast.lan)
    second.retire(by=cast.lan)
    assert list(Milestone.objects.pursued()) == [first]
    second.pursue(by=cast.lan)
    actions = AuditEntry.objects.filter(object_id=second.pk).order_by("at").values_list("action", flat=True)
    assert list(actions) == ["milestone.defined", "milestone.changed", "milestone.retired", "milestone.pursued"]


def test_a_name_in_any_script_has_an_address() -> None:
    cast = make_cast()
    slugs = [
        Milestone.define(community=cast.community, name=name, by=cast.lan).slug for name in ("第一场演出", "!!!", "???")
    ]
    assert slugs == ["第一场演出", "milestone", "milestone-2"]


def test_only_stewards_define() -> None:
    cast = make_cast()
    for person in (cast.soraya, cast.mateus, make_cast().amara):
        with pytest.raises(NotAllowed):
            Milestone.define(community=cast.community, name="Mine", by=person)
    with pytest.raises(DomainError):
        Milestone.define(community=cast.community, name=" ", by=cast.lan)
