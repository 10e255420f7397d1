"""The log: recording, retracting, following, counting."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from milepost.foundation.activity.following import catch_up, find, readers, rewind, skip_effects_to_end, status
from milepost.foundation.activity.models import Activity, MemberDay, MemberObjectDay, ReaderCursor
from milepost.foundation.activity.recording import COLUMNS, existing_keys, record, record_many, retract
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import NO_ID, new_id
from milepost.foundation.identity.models import Community, Identity, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def community() -> Community:
    return Community.objects.create(slug="stage", name="Open Stage", time_zone="Pacific/Auckland")


@pytest.fixture
def amara(community: Community) -> Person:
    return Person.objects.create(community=community, name="Amara")


@pytest.fixture
def lan(community: Community) -> Person:
    return Person.objects.create(community=community, name="Lan")


def counts(person: Person) -> dict[tuple[str, str], int]:
    return {(m.verb, str(m.day)): m.count for m in MemberDay.objects.filter(person_id=person.pk)}


def test_an_unregistered_verb_is_refused(community: Community, amara: Person) -> None:
    with pytest.raises(ValueError, match="no registered verb"):
        record("cake.eaten", community=community, by=amara)


@pytest.mark.parametrize("year", [1969, 2200])
def test_an_impossible_time_is_refused(community: Community, amara: Person, year: int) -> None:
    with pytest.raises(DomainError):
        record(
            "member.joined",
            community=community,
            by=amara,
            happened_at=datetime.datetime(year, 1, 1, tzinfo=datetime.UTC),
        )


def test_the_same_key_is_written_once(community: Community, amara: Person) -> None:
    first = record("member.joined", community=community, by=amara, source="slack", source_key="U1")
    assert record("member.joined", community=community, by=amara, source="slack", source_key="U1") == first
    assert Activity.objects.count() == 1


def test_what_was_taken_back_can_happen_again(community: Community, amara: Person) -> None:
    first = record("member.joined", community=community, by=amara, source_key="j")
    back = retract(first, by=amara)
    assert retract(first, by=amara) == back
    again = record("member.joined", community=community, by=amara, source_key="j")
    assert again != first
    assert record("member.joined", community=community, by=amara, source_key="j") == again
    assert list(Activity.objects.standing().filter(verb="member.joined")) == [again]


def test_days_are_the_communitys_local_days(community: Community, amara: Person) -> None:
    late = datetime.datetime(2026, 3, 1, 22, 30, tzinfo=datetime.UTC)  # already 2 March in Auckland
    record("thread.started", community=community, by=amara, happened_at=late)
    catch_up()
    assert counts(amara) == {("thread.started", "2026-03-02"): 1}


def test_counts_follow_in_batches_and_add_up(community: Community, amara: Person, lan: Person) -> None:
    thread = new_id()
    for n in range(5):
        record(
            "reply.posted",
            community=community,
            by=amara,
            other=lan,
            object_kind="thread",
            object_id=thread,
            happened_at=clock.now() - datetime.timedelta(minutes=n),
            quantity=Decimal("1.5"),
        )
        catch_up()
    assert sum(MemberDay.objects.values_list("count", flat=True)) == 5
    assert sum(MemberObjectDay.objects.values_list("count", flat=True)) == 5
    assert sum(MemberObjectDay.objects.values_list("quantity", flat=True)) == Decimal("7.5")
    assert set(MemberObjectDay.objects.values_list("object_id", "other_id")) == {(thread, lan.pk)}
    assert catch_up() == 0


def test_a_retraction_is_counted_out_whenever_the_reader_comes(community: Community, amara: Person) -> None:
    kept = record("thread.started", community=community, by=amara)
    gone = record("thread.started", community=community, by=amara)
    catch_up()
    retract(gone, by=amara)
    catch_up()
    assert list(counts(amara).values()) == [1]
    retract(kept, by=amara)
    catch_up()
    assert counts(amara) == {}
    rewind("rollup")
    catch_up()
    assert counts(amara) == {}


def test_a_merged_person_takes_the_counts_along(community: Community, amara: Person, lan: Person) -> None:
    ghost = Person.objects.create(community=community, name="amara99")
    slack = Identity.objects.create(community=community, person=ghost, source="slack", source_key="U9")
    record("thread.started", community=community, by=slack, object_kind="thread", object_id=new_id())
    record("reply.posted", community=community, by=lan, other=slack, object_kind="thread", object_id=new_id())
    catch_up()
    slack.person = amara
    slack.save()
    record("person.merged", community=community, by=None, data={"kept": str(amara.pk), "gone": str(ghost.pk)})
    catch_up()
    assert [verb for verb, _ in counts(amara)] == ["thread.started"]
    assert counts(ghost) == {}
    assert list(MemberObjectDay.objects.filter(verb="reply.posted").values_list("other_id", flat=True)) == [amara.pk]


def test_a_new_time_zone_counts_the_days_anew(community: Community, amara: Person) -> None:
    late = datetime.datetime(2026, 3, 1, 22, 30, tzinfo=datetime.UTC)
    record("thread.started", community=community, by=amara, happened_at=late)
    catch_up()
    Community.objects.filter(pk=community.pk).update(time_zone="America/Lima")
    record("community.time_zone_changed", community=community, by=None)
    catch_up()
    assert counts(amara) == {("thread.started", "2026-03-01"): 1}


def test_bulk_rows_are_counted_like_single_ones(community: Community, amara: Person) -> None:
    identity = Identity.objects.create(community=community, person=amara, source="mbox", source_key="a@example.org")
    at = datetime.datetime(2020, 5, 5, 12, tzinfo=datetime.UTC)
    rows: list[tuple[object, ...]] = [
        (
            0,
            community.pk,
            identity.pk,
            "thread.started",
            "thread",
            new_id(),
            NO_ID,
            None,
            None,
            at,
            at,
            "mbox",
            f"<{n}>",
            {},
            True,
        )
        for n in range(1_000)
    ]
    assert len(rows[0]) == len(COLUMNS)
    record_many(rows)
    catch_up()
    assert MemberDay.objects.get(person_id=amara.pk).count == 1_000
    assert len(existing_keys(community, "mbox", [f"<{n}>" for n in range(990, 1_010)])) == 10


def test_rewinding_gives_the_same_counts(community: Community, amara: Person, lan: Person) -> None:
    for n in range(30):
        record(
            "reply.posted",
            community=community,
            by=amara if n % 3 else lan,
            other=lan if n % 3 else amara,
            object_kind="thread",
            object_id=new_id(),
            happened_at=clock.now() - datetime.timedelta(days=n % 7),
        )
    catch_up()
    before = sorted(MemberObjectDay.objects.values_list("person_id", "verb", "object_id", "other_id", "day", "count"))
    rewind("rollup")
    assert not MemberDay.objects.exists()
    catch_up()
    assert (
        sorted(MemberObjectDay.objects.values_list("person_id", "verb", "object_id", "other_id", "day", "count"))
        == before
    )


def test_readers_stand_behind_what_they_build_on() -> None:
    order = [r.name for r in readers()]
    for one in readers():
        assert all(order.index(lower) < order.index(one.name) for lower in one.after)
    with pytest.raises(ValueError, match="There is no reader"):
        find("nobody")


def test_status_says_how_far_behind(community: Community, amara: Person) -> None:
    record("member.joined", community=community, by=amara)
    assert next(row for row in status() if row["reader"] == "rollup")["behind"] == 1
    catch_up()
    assert next(row for row in status() if row["reader"] == "rollup")["behind"] == 0


def test_effects_begin_at_the_end_after_a_restore(community: Community, amara: Person) -> None:
    record("member.joined", community=community, by=amara)
    skip_effects_to_end()
    assert not ReaderCursor.objects.filter(reader="rollup").exists()
