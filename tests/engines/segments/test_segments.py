"""Who is in a segment: by rule, by hand, by what happens, and by time alone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from milepost.domain.people.belonging import leave, take_role
from milepost.domain.people.erasure import erase
from milepost.domain.people.merging import merge, split
from milepost.engines.segments import keeping, listing, looking
from milepost.engines.segments.models import ListEntry, Segment, SegmentDue, SegmentMember
from milepost.engines.segments.tasks import fill_segment, look_again, time_passes
from milepost.foundation.activity.following import catch_up, find, rewind, step
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import record, retract
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.conditions import Invalid, matching, parse
from milepost.foundation.identity.models import Membership, Person
from milepost.foundation.jobs.models import JobRun
from tests.factories import Cast, make_cast, make_community, make_identity, make_member, make_person, make_profile
from tests.factories.segments import make_segment

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
BUSY = {"did": "reply.posted", "at_least": 2, "within": "P30D"}


@pytest.fixture
def cast() -> Cast:
    with clock.moved(NOW - datetime.timedelta(days=10)):
        return make_cast(time_zone="Europe/Lisbon")


def inside(segment: Segment) -> set[str]:
    return {person.name.split()[0] for person in looking.people_of(segment)}


def moves(segment: Segment) -> list[tuple[str, str]]:
    """(verb, first name) as the log has them, oldest first."""
    rows = Activity.objects.filter(object_id=segment.pk).order_by("pk")
    return [(verb, name.split()[0]) for verb, name in rows.values_list("verb", "identity__person__name")]


def reply(person: Person, day: int = 0) -> Activity:
    at = NOW - datetime.timedelta(days=day)
    return record("reply.posted", community=person.community, by=person, happened_at=at)


def test_a_new_segment_has_whom_its_rule_is_about_and_the_log_is_silent(cast: Cast):
    with clock.moved(NOW):
        reply(cast.soraya), reply(cast.soraya, 3), reply(cast.ife)
        catch_up()
        segment = make_segment(cast.community, rule=BUSY, name="Busy")
        assert inside(segment) == {"Soraya"}
        assert segment.size == 1
        assert moves(segment) == []
        assert looking.sizes(segment) == [(NOW.date(), 1)]
        assert SegmentDue.objects.get(segment_id=segment.pk).day == NOW.date() + datetime.timedelta(days=27)


def test_whoever_does_enough_comes_in_and_who_takes_it_back_is_out(cast: Cast):
    with clock.moved(NOW):
        segment = make_segment(cast.community, rule=BUSY)
        reply(cast.ife)
        catch_up()
        assert inside(segment) == set()
        second = reply(cast.ife, 1)
        catch_up()
        assert inside(segment) == {"Ife"}
        retract(second, by=cast.ife)
        catch_up()
        assert inside(segment) == set()
        assert moves(segment) == [("segment.entered", "Ife"), ("segment.left", "Ife")]
        segment.refresh_from_db()
        assert segment.size == 0
        [(_day, size)] = looking.sizes(segment)
        assert size == 0
        assert [(move.entered, move.name) for move in looking.came_and_went(segment)] == [
            (False, cast.ife.name),
            (True, cast.ife.name),
        ]


def test_four_hundred_days_without_anything_happening(cast: Cast):
    """Windows run out and a year goes by, each on its very day, though the log holds nothing new."""
    with clock.moved(NOW):
        reply(cast.soraya), reply(cast.soraya, 3)
        catch_up()
        busy = make_segment(cast.community, rule=BUSY, name="Busy")
        years = make_segment(cast.community, rule={"attribute": "joined", "at_least_ago": "P1Y"}, name="A year here")
        quiet = make_segment(cast.community, rule={"not": {"did": "reply.posted", "within": "P60D"}}, name="Quiet")
        last = Activity.objects.order_by("-pk").values_list("pk", flat=True)[0]
    seen: dict[str, list[int]] = {"busy": [], "years": [], "quiet": []}
    for day in range(401):
        with clock.moved(NOW + datetime.timedelta(days=day)):
            time_passes()
            for name, segment in (("busy", busy), ("years", years), ("quiet", quiet)):
                assert {p.pk for p in looking.people_of(segment)} == set(matching(segment.condition(), cast.community))
                seen[name].append(looking.people_of(segment).count())
    assert seen["busy"] == [1] * 27 + [0] * 374
    assert seen["years"] == [0] * 355 + [5] * 46
    assert seen["quiet"] == [4] * 60 + [5] * 341
    own = Activity.objects.filter(pk__gt=last)
    assert set(own.values_list("verb", flat=True)) == {"segment.entered", "segment.left"}
    assert own.count() == 1 + 5 + 1


def test_segments_of_segments_follow(cast: Cast):
    with clock.moved(NOW):
        make_segment(cast.community, rule=BUSY, name="Busy")
        both = {"all": [{"in_segment": "busy"}, {"role": "steward"}]}
        stewards = make_segment(cast.community, rule=both, name="Busy stewards")
        reply(cast.lan), reply(cast.lan, 1)
        catch_up()
        assert inside(stewards) == {"Lan"}
        take_role(person=cast.lan, role="member", by=cast.amara)
        catch_up()
        assert inside(stewards) == set()


def test_who_leaves_merges_splits_or_is_erased(cast: Cast):
    with clock.moved(NOW):
        segment = make_segment(cast.community, rule=BUSY)
        other = make_identity(make_person(cast.community, name="Same Soraya"))
        reply(cast.soraya)
        record("reply.posted", community=cast.community, by=other, happened_at=NOW)
        catch_up()
        assert inside(segment) == set()
        merged = merge(kept=cast.soraya, gone=other.person, by=cast.amara)
        catch_up()
        assert inside(segment) == {"Soraya"}
        split(merge=merged, by=cast.amara)
        catch_up()
        assert inside(segment) == set()
        for person in (cast.ife, cast.mateus):
            reply(person), reply(person, 1)
        catch_up()
        assert inside(segment) == {"Ife", "Mateus"}
        leave(person=cast.ife)
        catch_up()
        assert inside(segment) == {"Mateus"}
        erase(person=cast.mateus, by=cast.amara)
        catch_up()
        assert SegmentMember.objects.filter(segment_id=segment.pk).count() == 0


def test_a_rewound_reader_comes_to_the_same_and_tells_nothing_twice(cast: Cast):
    with clock.moved(NOW):
        segment = make_segment(cast.community, rule=BUSY)
        listed = make_segment(cast.community, name="Hosts")
        listing.add(segment=listed, people=[cast.lan], by=cast.amara)
        reply(cast.ife), reply(cast.ife, 1)
        catch_up()
        before = moves(segment)
        rewind("segments")
        assert inside(segment) == set()
        catch_up()
        look_again()
        assert inside(segment) == {"Ife"}
        assert inside(listed) == {"Lan"}
        assert moves(segment) == before


def test_what_happens_while_everyone_is_looked_at_is_not_lost(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    """The reader passes a segment over that is being filled; whom it passed over is looked at at the end."""
    with clock.moved(NOW):
        segment = Segment.define(community=cast.community, name="Busy", rule=BUSY, by=cast.lan)
        catch_up()
        apply = keeping._apply

        def meanwhile(*args: Any, **kwargs: Any) -> Any:
            done = apply(*args, **kwargs)
            reply(cast.ife), reply(cast.ife, 1)
            catch_up()
            assert inside(segment) == set()
            return done

        monkeypatch.setattr(keeping, "_apply", meanwhile)
        fill_segment(str(segment.pk))
        assert inside(segment) == {"Ife"}


def test_missed_changes_are_found_within_a_day(cast: Cast):
    """A row that was changed by hand leaves no trace in the log."""
    with clock.moved(NOW):
        segment = make_segment(cast.community, rule={"role": "moderator"})
        assert inside(segment) == {"Mateus"}
        Membership.objects.filter(person=cast.ife).update(role="moderator")
        Membership.objects.filter(person=cast.mateus).update(role="member")
        catch_up()
        look_again()
        assert inside(segment) == {"Ife"}
        assert set(moves(segment)) == {("segment.entered", "Ife"), ("segment.left", "Mateus")}


def test_a_crash_in_a_batch_loses_nothing_and_does_nothing_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    with clock.moved(NOW):
        segment = make_segment(cast.community, rule=BUSY)
        reply(cast.ife), reply(cast.ife, 1)
        catch_up(["rollup"])
        expect = keeping._count

        def fails(*args: object) -> None:
            raise RuntimeError("killed here")

        monkeypatch.setattr(keeping, "_count", fails)
        with pytest.raises(RuntimeError), transaction.atomic():
            step(find("segments"))
        monkeypatch.setattr(keeping, "_count", expect)
        assert inside(segment) == set()
        catch_up()
        assert moves(segment) == [("segment.entered", "Ife")]


# --- changing -------------------------------------------------------------------------------------------


def test_stewards_write_them_and_others_do_not(cast: Cast):
    with pytest.raises(NotAllowed):
        Segment.define(community=cast.community, name="Busy", rule=BUSY, by=cast.mateus)
    segment = Segment.define(community=cast.community, name="Busy", rule=BUSY, by=cast.lan)
    assert JobRun.objects.filter(name__endswith="fill_segment").exists()
    assert AuditEntry.objects.get(action="segment.defined").object_id == segment.pk
    with pytest.raises(Conflict):
        Segment.define(community=cast.community, name="busy", by=cast.lan)
    with pytest.raises(DomainError):
        Segment.define(community=cast.community, name=" ", by=cast.lan)
    with pytest.raises(Invalid):
        Segment.define(community=cast.community, name="Wrong", rule={"did": "nothing.done"}, by=cast.lan)
    with pytest.raises(NotAllowed):
        segment.change(name="Mine", rule=BUSY, by=cast.soraya)


def test_another_rule_looks_at_everyone_again(cast: Cast):
    with clock.moved(NOW):
        reply(cast.ife)
        catch_up()
        segment = make_segment(cast.community, rule=BUSY)
        segment.change(name=segment.name, rule={"did": "reply.posted"}, by=cast.lan)
        assert segment.filled_at is None
        keeping.fill(segment)
        assert inside(segment) == {"Ife"}
        assert moves(segment) == []
        segment.change(name="Other name", rule={"did": "reply.posted"}, by=cast.lan)
        assert segment.filled_at is not None


def test_circles_are_refused_and_named(cast: Cast):
    one = make_segment(cast.community, rule=BUSY, name="One")
    two = make_segment(cast.community, rule={"any": [{"in_segment": "one"}]}, name="Two")
    with pytest.raises(Invalid, match="“one” → “two” → “one”"):
        one.change(name="One", rule={"in_segment": "two"}, by=cast.lan)
    with pytest.raises(Invalid, match="“two” → “two”"):
        two.change(name="Two", rule={"not": {"in_segment": "two"}}, by=cast.lan)


def test_a_rule_that_names_what_is_gone_says_so_and_stays_as_it_is(cast: Cast):
    with clock.moved(NOW):
        reply(cast.ife), reply(cast.ife, 1)
        catch_up()
        one = make_segment(cast.community, rule=BUSY, name="One")
        two = make_segment(cast.community, rule={"in_segment": "one"}, name="Two")
        one.retire(by=cast.lan)
        reply(cast.ife)
        catch_up()
        two.refresh_from_db()
        assert "There is no segment “one”" in two.problem
        assert inside(two) == {"Ife"}
        assert inside(one) == set()
        one.take_up(by=cast.lan)
        keeping.fill(one)
        keeping.fill(two)
        two.refresh_from_db()
        assert two.problem == ""


def test_of_another_community_nobody_is_in_it(cast: Cast):
    elsewhere = make_community()
    stranger = make_member(elsewhere, name="Stranger")
    segment = make_segment(cast.community, rule={"not": {"did": "reply.posted"}})
    assert "Stranger" not in inside(segment)
    make_segment(elsewhere, name="Theirs", rule=BUSY)
    with pytest.raises(Invalid):
        Segment.define(community=cast.community, name="Not ours", rule={"in_segment": "theirs"}, by=cast.lan)
    listed = make_segment(cast.community, name="List")
    with pytest.raises(DomainError):
        listing.add(segment=listed, people=[stranger], by=cast.lan)
    with pytest.raises(IntegrityError), transaction.atomic():
        ListEntry.objects.create(community=cast.community, segment=listed, person=stranger)


# --- lists ------------------------------------------------------------------------------------------------


def test_a_list_is_kept_by_hand(cast: Cast):
    listed = make_segment(cast.community, name="Hosts")
    assert listing.add(segment=listed, people=[cast.ife, cast.soraya], by=cast.lan) == 2
    assert listing.add(segment=listed, people=[cast.ife], by=cast.lan) == 0
    assert inside(listed) == {"Ife", "Soraya"}
    assert listing.take_off(segment=listed, people=[cast.ife], by=cast.lan) == 1
    assert inside(listed) == {"Soraya"}
    assert [verb for verb, name in moves(listed) if name == "Ife"] == ["segment.entered", "segment.left"]
    assert listing.add(segment=listed, people=[cast.ife], by=cast.lan) == 1
    assert [verb for verb, name in moves(listed) if name == "Ife"][-1] == "segment.entered"
    with pytest.raises(NotAllowed):
        listing.add(segment=listed, people=[cast.ife], by=cast.mateus)
    ruled = make_segment(cast.community, rule=BUSY)
    with pytest.raises(DomainError, match="follows a rule"):
        listing.add(segment=ruled, people=[cast.ife], by=cast.lan)


def test_a_list_comes_in_with_a_reason_for_each_line_that_does_not(cast: Cast):
    listed = make_segment(cast.community, name="Hosts")
    make_member(cast.community, name="Twin Name"), make_member(cast.community, name="Twin Name")
    text = "\n".join(
        [
            "name;address", f"Nobody I know;{cast.ife.account.email.upper()}", "@soraya", "", str(cast.lan.pk), "Twin Name",
            "who@example.org", "@soraya",
        ]
    )  # fmt: skip
    brought = listing.bring(segment=listed, text=text, by=cast.lan)
    assert (brought.added, brought.there) == (3, 0)
    assert inside(listed) == {"Ife", "Soraya", "Lan"}
    assert [(n, why) for n, _line, why in brought.unknown] == [
        (1, "No member is known by this."),
        (6, "2 members are known by this."),
        (7, "No member is known by this."),
    ]
    again = listing.bring(segment=listed, text=text, by=cast.lan)
    assert (again.added, again.there) == (0, 3)


def test_a_merge_takes_list_entries_along(cast: Cast):
    listed = make_segment(cast.community, name="Hosts")
    other = make_identity(make_member(cast.community, name="Other")).person
    Membership.objects.filter(person=other).update(role="member")
    Person.objects.filter(pk=other.pk).update(account=None)
    listing.add(segment=listed, people=[other], by=cast.lan)
    merge(kept=cast.soraya, gone=Person.objects.get(pk=other.pk), by=cast.amara)
    catch_up()
    assert inside(listed) == {"Soraya"}


# --- looking ----------------------------------------------------------------------------------------------


def test_two_are_compared(cast: Cast):
    one, two = make_segment(cast.community, name="One"), make_segment(cast.community, name="Two")
    listing.add(segment=one, people=[cast.ife, cast.lan], by=None)
    listing.add(segment=two, people=[cast.lan, cast.soraya, cast.amara], by=None)
    found = looking.compare(one, two)
    assert (found.one, found.other, found.both, found.only_one, found.only_other) == (2, 3, 1, 1, 2)
    assert [p.name for p in looking.difference(one, two, "one")] == [cast.ife.name]
    assert [p.name for p in looking.difference(one, two, "both")] == [cast.lan.name]


def test_a_preview_counts_and_gives_examples_but_not_of_what_is_sensitive(cast: Cast):
    everyone = looking.preview(parse({"not": {"did": "reply.posted"}}, community=cast.community), cast.community)
    assert everyone.count == 5
    assert len(everyone.examples) == 5
    assert not everyone.is_estimate
    make_profile(cast.ife, pronouns="they")
    told = looking.preview(parse({"attribute": "pronouns", "is": "they"}, community=cast.community), cast.community)
    assert told.count is None
    assert told.examples == ()


def test_a_large_community_is_estimated(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(looking, "WHOLE", 3)
    found = looking.preview(parse({"not": {"did": "reply.posted"}}, community=cast.community), cast.community)
    assert found.is_estimate
    assert found.members == 5
