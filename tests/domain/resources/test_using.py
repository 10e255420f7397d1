"""Lessons, finishing and rating; and what of it goes along with a person."""

from __future__ import annotations

import io
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from milepost.domain.people import linking, merging, portrait
from milepost.domain.people.erasure import erase
from milepost.domain.resources.drafting import LessonDraft
from milepost.domain.resources.models import Completion, LessonDone, Rating, Resource, ResourceVersion
from milepost.foundation import conditions
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay, MemberObjectDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common.errors import DomainError, NotAllowed
from milepost.foundation.search.finding import Wanted, find
from tests.factories import Cast, actor, make_cast, make_draft, make_member, make_resource

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def standing(verb: str) -> int:
    return Activity.objects.standing().filter(verb=verb).count()


def test_finishing_is_told_once_and_can_be_taken_back(cast: Cast) -> None:
    made = make_resource(by=cast.lan)
    made.finish(by=cast.soraya)
    made.finish(by=cast.soraya)
    assert standing("resource.finished") == 1
    catch_up()
    assert MemberObjectDay.objects.get(verb="resource.finished", object_id=made.pk).person_id == cast.soraya.pk
    made.take_back(by=cast.soraya)
    assert standing("resource.finished") == 0
    catch_up()
    assert not MemberDay.objects.filter(verb="resource.finished").exists()
    made.finish(by=cast.soraya)
    made.take_back(by=cast.soraya)
    made.finish(by=cast.soraya)
    assert standing("resource.finished") == 1


def test_a_course_is_finished_with_its_last_lesson(cast: Cast) -> None:
    course = make_resource(by=cast.lan, kind="course")
    first, second = (uuid.UUID(ident) for ident in course.version_in_force().lesson_ids)
    with pytest.raises(DomainError):
        course.finish(by=cast.soraya)
    assert course.finish_lesson(lesson=first, by=cast.soraya) is False
    assert course.finish_lesson(lesson=first, by=cast.soraya) is False
    assert course.finish_lesson(lesson=second, by=cast.soraya) is True
    assert (standing("lesson.finished"), standing("resource.finished")) == (2, 1)
    course.take_back(by=cast.soraya, lesson=first)
    assert (standing("lesson.finished"), standing("resource.finished")) == (1, 0)
    with pytest.raises(DomainError):
        course.finish_lesson(lesson=uuid.uuid4(), by=cast.soraya)


def test_a_lesson_more_leaves_those_finished_who_had_finished(cast: Cast) -> None:
    course = make_resource(by=cast.lan, kind="course")
    for ident in course.version_in_force().lesson_ids:
        course.finish_lesson(lesson=uuid.UUID(ident), by=cast.soraya)
    lessons = [LessonDraft(one["title"], one["text"], id=one["id"]) for one in course.version_in_force().lessons]
    course.change(by=cast.lan, draft=make_draft("course", lessons=[*lessons, LessonDraft("Bow", "Low.")]))
    assert Completion.objects.get(person=cast.soraya).number == 1
    with pytest.raises(DomainError):
        course.finish(by=cast.ife)


def test_only_members_use_what_is_offered(cast: Cast) -> None:
    made = make_resource(by=cast.lan)
    stranger = make_cast().soraya
    with pytest.raises(NotAllowed):
        made.finish(by=stranger)
    made.withdraw(by=cast.lan)
    with pytest.raises(NotAllowed):
        made.finish(by=cast.soraya)


def test_who_finished_it_rates_it_once(cast: Cast) -> None:
    made = make_resource(by=cast.lan, authors=[cast.lan])
    with pytest.raises(DomainError):
        made.rate(by=cast.soraya, stars=5)
    made.finish(by=cast.soraya)
    for wrong in (0, 6):
        with pytest.raises(DomainError):
            made.rate(by=cast.soraya, stars=wrong)
    made.rate(by=cast.soraya, stars=3, comment="Too long")
    made.rate(by=cast.soraya, stars=5, comment="Read it twice")
    rating = Rating.objects.get()
    assert (rating.stars, rating.comment) == (5, "Read it twice")
    assert Activity.objects.standing().get(verb="resource.rated").quantity == Decimal(5)
    made.finish(by=cast.lan)
    with pytest.raises(DomainError):
        made.rate(by=cast.lan, stars=5)
    with pytest.raises(NotAllowed):
        made.unrate(by=cast.ife, of=cast.soraya)
    made.unrate(by=cast.mateus, of=cast.soraya)
    assert standing("resource.rated") == 0
    assert AuditEntry.objects.get(action="resource.rating_removed").reason == "Read it twice"


def test_taking_back_takes_the_rating_along(cast: Cast) -> None:
    made = make_resource(by=cast.lan)
    made.finish(by=cast.soraya)
    made.rate(by=cast.soraya, stars=4)
    made.take_back(by=cast.soraya)
    assert not Rating.objects.exists()
    assert standing("resource.rated") == 0


# --- people -------------------------------------------------------------------------------------------


def test_two_who_are_one_have_one_completion_and_apart_again_each_their_own(cast: Cast) -> None:
    made, course = make_resource(by=cast.lan), make_resource(by=cast.lan, kind="course")
    lesson = uuid.UUID(course.version_in_force().lesson_ids[0])
    ghost = make_member(cast.community)
    for person in (cast.soraya, ghost):
        made.finish(by=person)
        made.rate(by=person, stars=4)
        course.finish_lesson(lesson=lesson, by=person)
    ghost.account = None
    ghost.save()
    own = make_resource(by=cast.lan, authors=[ghost])
    merge = linking.merge(kept=cast.soraya, gone=ghost, by=cast.lan)
    for model in (Completion, Rating, LessonDone):
        assert [row.person for row in model.objects.all()] == [cast.soraya]
    assert own.authors.get().person == cast.soraya
    merging.split(merge=merge, by=cast.lan)
    for model in (Completion, Rating, LessonDone):
        assert {row.person for row in model.objects.all()} == {cast.soraya, ghost}
    assert own.authors.get().person == ghost


def test_erasing_keeps_what_was_published_and_takes_the_rest(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    published = make_resource(by=cast.soraya, authors=[cast.soraya])
    draft = make_resource(
        by=cast.soraya, published=False, kind="file", file=ContentFile(b"my own words", name="words.txt")
    )
    name = draft.versions.get().file.name
    published.change(by=cast.soraya, draft=make_draft(text="Never decided on"))
    other = make_resource(by=cast.lan)
    other.finish(by=cast.soraya)
    other.rate(by=cast.soraya, stars=5, comment="It was me")
    counts = portrait.write(cast.soraya, io.BytesIO())
    wanted = ("resources-written", "resources-proposed", "resources-credited", "resources-finished", "resource-ratings")
    assert {f"{n}.jsonl" for n in wanted} <= set(counts)
    assert counts["files"] == 1
    with django_capture_on_commit_callbacks(execute=True):
        erase(person=cast.soraya, by=cast.soraya)
    assert set(Resource.objects.all()) == {published, other}
    assert not ResourceVersion.objects.waiting().exists()
    assert not published.authors.exists()
    assert Rating.objects.get().comment == ""
    assert not default_storage.exists(name)


def test_search_finds_what_is_published_for_members(cast: Cast) -> None:
    make_resource(by=cast.soraya, title="Breathing", text="An elephant in the room.")
    make_resource(by=cast.soraya, published=False, title="Hidden elephant")
    catch_up()

    def found(who: Any) -> list[str]:
        wanted = Wanted(
            text="elephant", kind="resource", space=None, identities=None, since=None, hidden=(), shown=None
        )
        return [row.kind for row in find(actor(who, cast.community), wanted, after="", size=10).results]

    assert found(cast.ife) == ["resource"]
    assert found(None) == []
    Resource.objects.get(title="Breathing").withdraw(by=cast.lan)
    catch_up()
    assert found(cast.ife) == []


def test_rules_ask_for_tags_and_for_one_resource(cast: Cast) -> None:
    tagged = make_resource(by=cast.lan, title="Nerves", tags=["Stage fright"])
    other = make_resource(by=cast.lan, tags=["Money"])
    tagged.finish(by=cast.soraya)
    other.finish(by=cast.ife)
    catch_up()
    for within in ({"tag": "stage-fright"}, {"object": "resource:nerves"}):
        rule = conditions.parse({"did": "resource.finished", "in": within}, community=cast.community)
        assert list(conditions.matching(rule, cast.community)) == [cast.soraya.pk]
    with pytest.raises(conditions.Invalid):
        conditions.parse({"did": "resource.finished", "in": {"tag": "no-such-tag"}}, community=cast.community)
