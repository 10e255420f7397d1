"""Two people who turn out to be one, and back."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db.models import Model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from milepost.domain.charter.models import Agreement
from milepost.domain.people import belonging, linking
from milepost.domain.people.models import Praise
from milepost.domain.spaces.models import ReadMark, SpaceMember
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay, MemberObjectDay
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import (
    Identity,
    Membership,
    MergeSuggestion,
    Person,
    PersonMerge,
    Representative,
)
from tests.factories import (
    Cast,
    make_cast,
    make_charter,
    make_identity,
    make_member,
    make_milestone,
    make_organisation,
    make_person,
    make_space,
    make_thread,
)


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def day(n: int) -> datetime.datetime:
    return datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC) + datetime.timedelta(days=n)


def rows(model: type[Model]) -> list[tuple[Any, ...]]:
    columns = [f.attname for f in model._meta.concrete_fields]
    return sorted(model._default_manager.values_list(*columns), key=str)


def state() -> dict[str, list[tuple[Any, ...]]]:
    """All that a merge may touch, row by row."""
    touched = (
        Person,
        Identity,
        Membership,
        SpaceMember,
        ReadMark,
        Agreement,
        Award,
        Praise,
        Representative,
        MemberDay,
        MemberObjectDay,
    )
    return {model.__name__: rows(model) for model in touched}


# --- one by one


def test_history_goes_along_and_the_roll_up_follows(cast):
    joao = cast.joao.person
    record("thread.started", community=cast.community, by=cast.joao, happened_at=day(1))
    record("thread.started", community=cast.community, by=cast.soraya, happened_at=day(1))
    catch_up()
    made = linking.merge(kept=cast.soraya, gone=joao, by=cast.lan, reason="She told me")
    catch_up()
    assert (made.kept, made.gone, made.reason, made.by) == (cast.soraya, joao, "She told me", cast.lan)
    assert MemberDay.objects.get(verb="thread.started").count == 2
    assert Identity.objects.get(pk=cast.joao.pk).person == cast.soraya
    joao.refresh_from_db()
    assert joao.merged_into == cast.soraya
    assert joao not in Person.objects.present()
    told = Activity.objects.get(verb="person.merged")
    assert told.data == {"kept": str(cast.soraya.pk), "gone": str(joao.pk)}
    assert told.identity.person == cast.lan
    assert AuditEntry.objects.get().reason == "She told me"


def test_the_one_with_a_sign_in_is_kept_whichever_is_named(cast):
    made = linking.merge(kept=cast.joao.person, gone=cast.soraya, by=cast.lan)
    assert (made.kept, made.gone) == (cast.soraya, cast.joao.person)


def test_the_earlier_day_of_joining_holds_and_comes_apart_again(cast):
    gone = cast.joao.person
    Membership.objects.create(community=cast.community, person=gone, joined_at=day(3), came_from="slack")
    own = Membership.objects.get(person=cast.soraya)
    made = linking.merge(kept=cast.soraya, gone=gone, by=cast.lan)
    merged = Membership.objects.get(person=cast.soraya)
    assert (merged.pk, merged.joined_at, merged.came_from) == (own.pk, day(3), "slack")
    assert not Membership.objects.filter(person=gone).exists()
    belonging.take_role(person=cast.soraya, role="moderator", by=cast.lan)
    linking.split(merge=made, by=cast.lan)
    back = Membership.objects.get(person=cast.soraya)
    assert (back.joined_at, back.came_from, back.role) == (own.joined_at, "", "moderator")
    assert Membership.objects.get(person=gone).joined_at == day(3)


def test_what_the_kept_one_did_since_stays_with_them(cast):
    made = linking.merge(kept=cast.soraya, gone=cast.joao.person, by=cast.lan)
    record("reply.posted", community=cast.community, by=cast.soraya)
    record("reply.posted", community=cast.community, by=cast.joao)
    linking.split(merge=made, by=cast.lan, reason="Two brothers")
    catch_up()
    assert {m.person_id: m.count for m in MemberDay.objects.filter(verb="reply.posted")} == {
        cast.soraya.pk: 1,
        cast.joao.person_id: 1,
    }
    assert Activity.objects.get(verb="person.split").data["gone"] == str(cast.joao.person_id)
    with pytest.raises(Conflict):
        linking.split(merge=made, by=cast.lan)


def test_who_was_split_is_not_suggested_again(cast):
    twin = make_identity(community=cast.community, source="discord", name="João Pires").person
    assert linking.suggest(cast.community) == 1
    made = linking.merge(kept=cast.joao.person, gone=twin, by=cast.lan)
    assert not linking.suggestions(cast.community)
    linking.split(merge=made, by=cast.lan)
    assert linking.suggest(cast.community) == 0
    assert MergeSuggestion.objects.get().dismissed_at is not None


def test_merges_one_upon_the_other_are_undone_from_the_last(cast):
    middle, end = (make_identity(community=cast.community).person for _ in range(2))
    first = linking.merge(kept=middle, gone=cast.joao.person, by=cast.lan)
    second = linking.merge(kept=end, gone=middle, by=cast.lan)
    assert Identity.objects.get(pk=cast.joao.pk).person == end
    with pytest.raises(DomainError, match="merged into someone else later"):
        linking.split(merge=first, by=cast.lan)
    linking.split(merge=second, by=cast.lan)
    assert Identity.objects.get(pk=cast.joao.pk).person == middle
    linking.split(merge=first, by=cast.lan)
    assert Identity.objects.get(pk=cast.joao.pk).person == cast.joao.person


def test_what_another_merge_brought_stays_when_one_is_undone(cast):
    one, other = cast.joao.person, make_person(cast.community)
    for n, person in enumerate((one, other), start=1):
        Membership.objects.create(community=cast.community, person=person, joined_at=day(n), came_from=f"source {n}")
    first = linking.merge(kept=cast.soraya, gone=one, by=cast.lan)
    linking.merge(kept=cast.soraya, gone=other, by=cast.lan)
    assert Membership.objects.get(person=cast.soraya).joined_at == day(1)
    linking.split(merge=first, by=cast.lan)
    own = Membership.objects.get(person=cast.soraya)
    assert (own.joined_at, own.came_from) == (day(2), "source 2")


def test_two_sign_ins_are_two_people(cast):
    with pytest.raises(DomainError, match="sign-in of their own"):
        linking.merge(kept=cast.soraya, gone=cast.ife, by=cast.lan)


def test_what_cannot_be_merged(cast):
    gone, elsewhere = cast.joao.person, make_identity().person
    refused = [
        (gone, gone, "one person already"),
        (gone, elsewhere, "different communities"),
        (cast.soraya, make_organisation(cast.community), "One of the two"),
        (cast.soraya, make_person(cast.community, kind="bot"), "One of the two"),
    ]
    for kept, other, says in refused:
        with pytest.raises(DomainError, match=says):
            linking.merge(kept=kept, gone=other, by=cast.lan)
    linking.merge(kept=cast.soraya, gone=gone, by=cast.lan)
    for kept, other in ((cast.ife, gone), (gone, make_person(cast.community))):
        with pytest.raises(Conflict):
            linking.merge(kept=kept, gone=other, by=cast.lan)
    assert PersonMerge.objects.count() == 1


def test_only_stewards_merge_and_split(cast):
    for by in (cast.mateus, cast.soraya, make_member(role="owner")):
        with pytest.raises(NotAllowed):
            linking.merge(kept=cast.soraya, gone=cast.joao.person, by=by)
    made = linking.merge(kept=cast.soraya, gone=cast.joao.person, by=cast.lan)
    for by in (cast.mateus, make_member(role="owner")):
        with pytest.raises(NotAllowed):
            linking.split(merge=made, by=by)


def test_nobody_ends_up_thanking_themselves(cast):
    gone = cast.joao.person
    own = Praise.objects.create(community=cast.community, giver=cast.soraya, receiver=gone, words="For the strings")
    other = Praise.objects.create(community=cast.community, giver=cast.ife, receiver=gone, words="For coming")
    made = linking.merge(kept=cast.soraya, gone=gone, by=cast.lan)
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.receiver, other.receiver) == (gone, cast.soraya)
    linking.split(merge=made, by=cast.lan)
    other.refresh_from_db()
    assert other.receiver == gone


# --- in general


def _hold(person: Person, has: set[str], n: int, things: dict[str, Any]) -> None:
    """Give a person some of what a merge moves."""
    community = person.community
    if "membership" in has and not Membership.objects.filter(person=person).exists():
        Membership.objects.create(community=community, person=person, joined_at=day(n), came_from=f"source {n}")
    if "space" in has:
        SpaceMember.objects.create(community=community, space=things["space"], person=person, since=day(n))
    if "agreement" in has:
        Agreement.objects.create(community=community, version=things["charter"], person=person, at=day(n))
    if "award" in has:
        Award.objects.create(
            community=community, milestone=things["milestone"], person=person, reached_on=day(n).date(), evidence=f"{n}"
        )
    if "represents" in has:
        Representative.objects.create(community=community, organisation=things["choir"], person=person, since=day(n))
    if "read" in has:
        ReadMark.objects.create(community=community, thread=things["thread"], person=person, read_to=day(n))
    if "handle" in has and not person.handle:
        person.handle = f"handle{n}"
        person.save()
    for k in range(2):
        identity = make_identity(person, source=f"source{k}")
        for _ in range(n % 3):
            record("thread.started", community=community, by=identity, happened_at=day(n + k))


HOLDINGS = st.sets(st.sampled_from(["membership", "space", "agreement", "award", "represents", "handle", "read"]))


class MergeThenSplit(TestCase):
    """Whatever the people have, and in whatever order several are merged and split: in the end all is as in the beginning."""

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(HOLDINGS, min_size=3, max_size=4),
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5),
        st.randoms(use_true_random=False),
    )
    def test_equals_the_start(self, holdings, claimed, merges, chance):
        cast = make_cast()
        space = make_space(cast.community)
        things = {
            "space": space,
            "thread": make_thread(space),
            "charter": make_charter(cast.community),
            "milestone": make_milestone(cast.community),
            "choir": make_organisation(cast.community),
        }
        people = [cast.soraya if claimed and n == 0 else make_person(cast.community) for n in range(len(holdings))]
        for n, (person, has) in enumerate(zip(people, holdings, strict=True)):
            _hold(person, has, n, things)
        for giver in people:
            for receiver in people:
                if giver != receiver:
                    Praise.objects.create(community=cast.community, giver=giver, receiver=receiver, words="Thank you")
                    record("praise.given", community=cast.community, by=giver, other=receiver, happened_at=day(1))
        catch_up()
        start = state()
        made = []
        for a, b in merges:
            one, other = people[a % len(people)], people[b % len(people)]
            try:
                made.append(linking.merge(kept=one, gone=other, by=cast.lan))
            except DomainError:
                continue
            catch_up()
        while made:
            undone = chance.choice(made)
            try:
                linking.split(merge=undone, by=cast.lan)
            except DomainError:
                continue
            made.remove(undone)
            catch_up()
        end = state()
        # The steward's own identity is made when they first act; nothing else may be new.
        for name, expected in start.items():
            assert end[name] == expected, name


class RetractThenRecordAgain(TestCase):
    @settings(max_examples=20, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["thread.started", "reply.posted", "reaction.given"]),
                st.integers(0, 2),
                st.integers(0, 2),
            ),
            min_size=1,
            max_size=12,
        ),
        st.data(),
    )
    def test_equals_the_start(self, done, data):
        """Also when the person is merged into another in between."""
        cast = make_cast()
        actors = [cast.joao, make_identity(community=cast.community), make_identity(community=cast.community)]

        def write(n: int) -> Activity:
            verb, who, when = done[n]
            return record(
                verb,
                community=cast.community,
                by=actors[who],
                other=actors[(who + 1) % 3],
                happened_at=day(when),
                source_key=f"{verb}:{n}",
            )

        written = [write(n) for n in range(len(done))]
        catch_up()
        start = [rows(model) for model in (MemberDay, MemberObjectDay)]
        chosen = data.draw(st.sets(st.sampled_from(range(len(done))), min_size=1))
        merged = None
        if data.draw(st.booleans()):
            merged = linking.merge(kept=cast.soraya, gone=cast.joao.person, by=cast.lan)
        for n in chosen:
            retract(written[n], by=cast.lan)
        catch_up()
        assert sum(MemberDay.objects.values_list("count", flat=True)) == len(done) - len(chosen)
        for n in chosen:
            write(n)
        if merged:
            linking.split(merge=merged, by=cast.lan)
        catch_up()
        assert [rows(model) for model in (MemberDay, MemberObjectDay)] == start
