"""What a community asks of its members besides the profile."""

from __future__ import annotations

from typing import Any

import pytest

from milepost.domain.people.attributes import tell, told
from milepost.domain.people.erasure import erase
from milepost.domain.people.merging import merge, split
from milepost.domain.people.models import AttributeDefinition, AttributeValue
from milepost.domain.people.portrait import own_data
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.conditions import Invalid, matching, parse
from milepost.foundation.identity.models import Membership, Person
from tests.factories import Cast, make_cast, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def define(cast: Cast, label: str, kind: str, **fields: Any) -> AttributeDefinition:
    return AttributeDefinition.define(community=cast.community, label=label, kind=kind, by=cast.lan, **fields)


def found(cast: Cast, tree: dict[str, Any]) -> set[Person]:
    return set(Person.objects.filter(pk__in=set(matching(parse(tree, community=cast.community), cast.community))))


def test_rules_find_members_by_every_kind(cast: Cast):
    define(cast, "Instrument", "choice", options=["Cello", "Oud"])
    define(cast, "Lends", "tags")
    define(cast, "Seats", "number")
    define(cast, "Plays since", "date")
    define(cast, "Town", "text")
    said = {
        "instrument": "Oud",
        "lends": "Van, Amplifier",
        "seats": "2,5",
        "plays-since": "1999-12-31",
        "town": "Évora Monte",
    }
    tell(person=cast.soraya, values=said, by=cast.soraya)
    tell(person=cast.ife, values={"instrument": "Cello", "seats": "0"}, by=cast.lan)
    assert told(cast.soraya)["lends"] == ["Amplifier", "Van"]
    only = {cast.soraya}
    for tree in (
        {"attribute": "instrument", "is": "Oud"},
        {"attribute": "instrument", "in": ["Oud"]},
        {"attribute": "lends", "contains": "Van"},
        {"attribute": "lends", "contains_all": ["Van", "Amplifier"]},
        {"attribute": "lends", "contains_any": ["Boat", "Van"]},
        {"attribute": "lends", "is_empty": False},
        {"attribute": "seats", "is": 2.5},
        {"attribute": "seats", "more_than": 1},
        {"attribute": "plays-since", "before": "2000-01-01"},
        {"attribute": "plays-since", "at_least_ago": "P20Y"},
        {"attribute": "town", "contains": "MONTE"},
        {"attribute": "town", "starts_with": "Évora"},
        {"attribute": "town", "is": "Évora monte"},
    ):
        assert found(cast, tree) == only, tree
    assert found(cast, {"attribute": "seats", "less_than": 1}) == {cast.ife}
    assert cast.amara in found(cast, {"attribute": "instrument", "is_not": "Oud"})
    assert found(cast, {"attribute": "instrument", "is_empty": False}) == {cast.soraya, cast.ife}
    with pytest.raises(Invalid, match="never “Drum”"):
        parse({"attribute": "instrument", "is": "Drum"}, community=cast.community)


def test_what_does_not_fit_is_refused(cast: Cast):
    define(cast, "Seats", "number")
    define(cast, "Since", "date")
    define(cast, "Score", "number", filled_by="steward")
    for values in ({"seats": "many"}, {"since": "May"}, {"nothing": "x"}, {"seats": "1e99"}):
        with pytest.raises(DomainError):
            tell(person=cast.soraya, values=values, by=cast.soraya)
    with pytest.raises(NotAllowed):
        tell(person=cast.soraya, values={"score": "3"}, by=cast.soraya)
    with pytest.raises(NotAllowed):
        tell(person=cast.soraya, values={"seats": "3"}, by=cast.ife)
    with pytest.raises(DomainError):
        define(cast, "Instrument", "choice", options=["Only one"])
    with pytest.raises(Conflict):
        define(cast, "seats", "text")
    with pytest.raises(NotAllowed):
        AttributeDefinition.define(community=cast.community, label="Mine", kind="text", by=cast.soraya)
    assert define(cast, "Role", "text").slug != "role"
    assert AttributeValue.objects.count() == 0


def test_a_retired_one_is_asked_no_more(cast: Cast):
    one = define(cast, "Town", "text")
    tell(person=cast.soraya, values={"town": "Faro"}, by=cast.soraya)
    one.retire(by=cast.lan)
    assert told(cast.soraya) == {}
    with pytest.raises(Invalid):
        parse({"attribute": "town", "is": "Faro"}, community=cast.community)
    one.take_up(by=cast.lan)
    assert told(cast.soraya) == {"town": ["Faro"]}


def test_values_go_along_come_back_and_are_erased(cast: Cast):
    define(cast, "Town", "text")
    define(cast, "Lends", "tags")
    other = make_person(cast.community, name="Other")
    Membership.objects.create(community=cast.community, person=other)
    tell(person=other, values={"town": "Faro", "lends": "Van, Boat"}, by=cast.lan)
    tell(person=cast.soraya, values={"town": "Évora"}, by=cast.soraya)
    merged = merge(kept=cast.soraya, gone=other, by=cast.amara)
    assert told(cast.soraya) == {"town": ["Évora"], "lends": ["Boat", "Van"]}
    split(merge=merged, by=cast.amara)
    assert told(other) == {"town": ["Faro"], "lends": ["Boat", "Van"]}
    assert told(cast.soraya) == {"town": ["Évora"]}
    mine = {name: list(rows) for name, rows in own_data(cast.soraya)}
    assert mine["attributes.jsonl"] == [{"attribute": "Town", "value": "Évora"}]
    erase(person=cast.soraya, by=cast.soraya)
    assert AttributeValue.objects.filter(person=cast.soraya).count() == 0
