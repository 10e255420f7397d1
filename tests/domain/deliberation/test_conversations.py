"""Conversations: writing, voting, looking after them; and the map that follows."""

from __future__ import annotations

import datetime
import json
from collections import Counter

import pytest

from milepost.domain.deliberation import drawing, results, tasks
from milepost.domain.deliberation.models import Conversation, Statement, StatementVote
from milepost.domain.people import merging
from milepost.domain.people.erasure import erase
from milepost.engines.milestones import floor
from milepost.foundation.activity.models import Activity
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import Membership
from milepost.foundation.jobs.models import JobRun
from tests.factories import make_cast, make_community, make_conversation, make_member, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def conversation(cast):
    return make_conversation(cast.community, by=cast.ife)


def first(conversation: Conversation) -> Statement:
    return Statement.objects.get(conversation=conversation, number=1)


def counts(statement) -> tuple[int, int, int]:
    statement.refresh_from_db()
    return statement.agree, statement.disagree, statement.passed


def crowd(conversation, people: int = 24, statements: int = 12) -> list:
    """Two camps of equal size, who all agree with the first statement; everyone has voted on most."""
    for n in range(statements - conversation.statements.count()):
        conversation.write(by=None, text=f"Statement of the crowd, number {n}")
    members = [make_member(conversation.community, name=f"Person {n}") for n in range(people)]
    for n, person in enumerate(members):
        for one in conversation.statements.all():
            if (n * 7 + one.number * 3) % 11:
                one.vote(by=person, value=1 if one.number == 1 or (n + one.number) % 2 else -1)
    return members


def test_a_vote_changes_until_the_end_and_the_counts_move_with_it(cast, conversation):
    one = first(conversation)
    one.vote(by=cast.soraya, value=1)
    one.vote(by=cast.soraya, value=1)
    assert counts(one) == (1, 0, 0)
    one.vote(by=cast.soraya, value=-1)
    one.vote(by=cast.lan, value=0)
    assert counts(one) == (0, 1, 1)
    conversation.close(by=cast.ife)
    with pytest.raises(Conflict, match="has ended"):
        one.vote(by=cast.soraya, value=1)
    assert counts(one) == (0, 1, 1)
    conversation.reopen(by=cast.ife)
    one.vote(by=cast.soraya, value=1)
    assert counts(one) == (1, 0, 1)


def test_an_end_in_time_closes_by_itself(cast):
    made = make_conversation(cast.community, by=cast.ife, closes_at=clock.now() + datetime.timedelta(days=3))
    one = first(made)
    one.vote(by=cast.soraya, value=1)
    with clock.moved(datetime.timedelta(days=4)), pytest.raises(Conflict):
        one.vote(by=cast.soraya, value=-1)
    with pytest.raises(DomainError, match="in the past"):
        make_conversation(cast.community, by=cast.ife, closes_at=clock.now() - datetime.timedelta(days=1))


def test_the_log_knows_that_someone_voted_once_a_day_and_never_what(cast, conversation):
    for one in conversation.statements.all():
        one.vote(by=cast.soraya, value=-1)
    with clock.moved(datetime.timedelta(days=1)):
        first(conversation).vote(by=cast.soraya, value=1)
    told = Activity.objects.filter(verb="vote.cast")
    assert told.count() == 2
    assert {row.object_id for row in told} == {conversation.pk}
    assert all(row.data == {} and row.quantity is None for row in told)
    # What is written is logged without saying which statement is whose.
    conversation.write(by=cast.soraya, text="Let us meet on Sundays.")
    assert Activity.objects.get(verb="statement.written").object_id == conversation.pk


def test_who_writes_agrees_and_says_it_once(cast, conversation):
    made = conversation.write(by=cast.soraya, text="  Tea   for everyone. ")
    assert (made.text, made.number, counts(made)) == ("Tea for everyone.", 4, (1, 0, 0))
    with pytest.raises(Conflict, match="there already"):
        conversation.write(by=cast.lan, text="tea for everyone")
    with pytest.raises(DomainError, match="at most 280 letters; this one has 10000"):
        conversation.write(by=cast.lan, text="x" * 10_000)
    with pytest.raises(DomainError, match="Write a statement"):
        conversation.write(by=cast.lan, text=" \n ")
    right_to_left = conversation.write(by=cast.lan, text="نحتاج إلى مكان أوسع")
    assert Statement.objects.get(pk=right_to_left.pk).text == "نحتاج إلى مكان أوسع"


def test_nobody_floods_a_conversation(cast, conversation):
    for n in range(20):
        conversation.write(by=cast.soraya, text=f"Thought {n}")
    with pytest.raises(DomainError, match="written 20 statements"):
        conversation.write(by=cast.soraya, text="One more")


def test_statements_wait_where_somebody_looks_first(cast):
    made = make_conversation(cast.community, by=cast.ife, looks_first=True)
    theirs = made.write(by=cast.soraya, text="Wait for me.")
    assert not theirs.is_shown
    with pytest.raises(Conflict, match="not voted on"):
        theirs.vote(by=cast.lan, value=1)
    with pytest.raises(NotAllowed):
        theirs.approve(by=cast.soraya)
    theirs.approve(by=cast.mateus)
    theirs.vote(by=cast.lan, value=1)
    assert counts(theirs) == (2, 0, 0)
    assert made.write(by=cast.ife, text="Mine is seen at once.").is_shown


def test_a_statement_taken_out_keeps_its_votes_and_says_why(cast, conversation):
    one = first(conversation)
    one.vote(by=cast.soraya, value=1)
    with pytest.raises(DomainError, match="Say why"):
        one.hide(by=cast.ife, reason="")
    one.hide(by=cast.ife, reason="Names a person")
    with pytest.raises(Conflict):
        one.vote(by=cast.lan, value=1)
    assert one != conversation.next_for(cast.lan)
    assert AuditEntry.objects.get(action="statement.hidden").reason == "Names a person"
    one.approve(by=cast.ife)
    assert (one.is_shown, counts(one)) == (True, (1, 0, 0))


def test_only_those_who_may_open_and_tend(cast, conversation):
    with pytest.raises(NotAllowed):
        make_conversation(cast.community, by=cast.soraya)
    with pytest.raises(NotAllowed):
        conversation.close(by=cast.soraya)
    other = make_conversation(cast.community, by=cast.lan, question="Another?")
    # An ambassador looks after what they opened themselves; a moderator after all.
    with pytest.raises(NotAllowed):
        other.close(by=cast.ife)
    other.close(by=cast.mateus)
    stranger = make_member(make_community(), role="owner")
    for act in (
        lambda: first(conversation).vote(by=stranger, value=1),
        lambda: conversation.write(by=stranger, text="From outside"),
        lambda: conversation.close(by=stranger),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_who_was_removed_votes_no_more_and_what_they_said_counts(cast, conversation):
    one = first(conversation)
    one.vote(by=cast.soraya, value=1)
    Membership.objects.filter(person=cast.soraya).update(left_at=clock.now())
    with pytest.raises(NotAllowed):
        one.vote(by=cast.soraya, value=-1)
    assert counts(one) == (1, 0, 0)


def test_what_the_fewest_have_seen_comes_next(cast):
    made = make_conversation(cast.community, by=cast.ife, statements=[f"Thought {n}" for n in range(9)])
    members = [make_member(cast.community, name=f"Person {n}") for n in range(9)]
    for _ in range(3):
        for person in members:
            found = made.next_for(person)
            assert found == made.next_for(person)
            found.vote(by=person, value=0)
    # 27 votes on nine statements: three each, give or take one where somebody had seen the least seen one already.
    seen = Counter(made.votes.values_list("statement__number", flat=True))
    assert len(seen) == 9
    assert max(seen.values()) - min(seen.values()) <= 2
    for one in made.statements.all():
        one.vote(by=members[0], value=1)
    assert made.next_for(members[0]) is None


def test_the_map_is_asked_for_once_and_drawn_by_a_job(cast, conversation, django_capture_on_commit_callbacks):
    for one in conversation.statements.all():
        one.vote(by=cast.soraya, value=1)
    runs = JobRun.objects.named("milepost.domain.deliberation.tasks.draw_map")
    assert runs.count() == 1
    tasks.draw_map(str(conversation.pk))
    conversation.refresh_from_db()
    assert conversation.stale_since is None
    assert conversation.picture.votes == 3
    first(conversation).vote(by=cast.lan, value=1)
    assert runs.count() == 2
    # A job that never came through is asked for again.
    with clock.moved(datetime.timedelta(minutes=11)):
        first(conversation).vote(by=cast.ife, value=1)
    assert runs.count() == 3
    tasks.draw_map("01900000-0000-7000-8000-000000000000")


def test_the_map_names_nobody_and_places_each_by_their_own_votes(cast, conversation):
    members = crowd(conversation)
    picture = drawing.draw(conversation)
    kept = json.dumps(picture.data)
    assert not [one for one in members if str(one.pk) in kept or one.pk.hex in kept]
    assert [group["size"] for group in picture.data["groups"]] == [12, 12]
    places = [drawing.place_of(picture, one) for one in members]
    assert len({place.group for place in places[::2]}) == 1
    assert {place.group for place in places} == {0, 1}
    # Where people are put by their own votes is where the map drew them.
    drawn = sorted((x, y, g) for x, y, g in picture.data["dots"])
    assert sorted((round(p.x, 3), round(p.y, 3), p.group) for p in places) == drawn
    assert drawing.place_of(picture, cast.mateus) is None


def test_results_are_shown_above_the_floor_only(cast, conversation):
    assert (drawing.FLOOR, results.SPLITS_FROM) == (floor.FLOOR, floor.SPLITS_FROM)
    first(conversation).vote(by=cast.soraya, value=1)
    drawing.draw(conversation)
    found = results.result_of(conversation, cast.soraya)
    assert found.too_small
    assert found.picture is None
    assert [row.counts for row in found.rows] == [None, None, None]
    members = crowd(conversation)
    drawing.draw(conversation)
    found = results.result_of(conversation, members[0])
    assert found.picture is not None
    assert found.place is not None
    assert any("All" in words or "100 % agree" in words for words in found.shared)
    assert len(found.says) == 2
    assert all(found.says)
    for row in found.rows:
        if row.groups is not None:
            each = found.picture.data["counts"][str(row.number)]
            others = row.seen - sum(map(sum, each))
            assert min(map(sum, each)) >= 5
            assert others == 0 or others >= 5
    # Soraya alone stands in no group and voted on the first: its split would tell what she said.
    assert next(row for row in found.rows if row.number == 1).groups is None


def test_a_group_under_the_floor_is_not_drawn(cast, conversation):
    for n in range(9):
        conversation.write(by=None, text=f"Another thought {n}")
    members = [make_member(cast.community, name=f"Person {n}") for n in range(24)]
    for n, person in enumerate(members):
        for one in conversation.statements.all():
            if (n * 7 + one.number * 3) % 11:
                # Three people are against everything that the others are for.
                one.vote(by=person, value=-1 if n < 3 else 1)
    sizes = [group["size"] for group in drawing.draw(conversation).data["groups"]]
    assert min(sizes) >= 5


def test_erasing_takes_votes_out_of_the_counts(cast, conversation):
    one = first(conversation)
    for person, value in ((cast.soraya, 1), (cast.lan, -1)):
        one.vote(by=person, value=value)
    theirs = conversation.write(by=cast.soraya, text="Mine alone.")
    erase(person=cast.soraya, by=cast.amara)
    assert counts(one) == (0, 1, 0)
    assert not StatementVote.objects.filter(person=cast.soraya).exists()
    assert not Statement.objects.filter(pk=theirs.pk).exists()


def test_merged_people_vote_as_one_after_the_next_drawing(cast, conversation):
    one = first(conversation)
    other = make_person(cast.community, name="Soraya H.")
    one.vote(by=cast.soraya, value=1)
    StatementVote.objects.create(
        community=cast.community, conversation=conversation, statement=one, person=other, value=-1
    )
    Statement.objects.filter(pk=one.pk).update(disagree=1)
    merging.merge_proven(kept=cast.soraya, gone=other, by=cast.amara)
    drawing.draw(conversation)
    assert counts(one) == (1, 0, 0)
