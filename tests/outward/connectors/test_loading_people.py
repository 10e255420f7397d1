"""Imports and people who were erased, merged or claimed."""

from __future__ import annotations

import pytest

from milepost.domain.people import erasure, merging, suggesting
from milepost.domain.spaces.models import Post, Space, Thread
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.common import clock
from milepost.foundation.identity.models import Identity, MergeSuggestion, Person
from tests.factories import Cast, actor, make_cast
from tests.outward.connectors.building import said, slack_files, write_zip
from tests.outward.connectors.stored import load

pytestmark = pytest.mark.django_db

ROOT = "1577967001.000001"
DAY = [
    said(ROOT, "Who has seeds?", thread_ts=ROOT, reactions=[{"name": "seedling", "users": ["U2"]}]),
    said("1577967002.000001", "I have", "U2", thread_ts=ROOT),
]
LATER = [
    said("1580558401.000001", "Again me", "U2"),
    said("1580558402.000001", "Anyone else?", "U1", thread_ts=ROOT, reactions=[{"name": "eyes", "users": ["U2"]}]),
]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def export(tmp_path, days, name="export.zip", **lists):
    return write_zip(tmp_path / name, slack_files(days, **lists))


def person(key: str) -> Person:
    return Identity.objects.get(source="slack", source_key=key).person


def test_whoever_was_erased_does_not_come_back(cast, tmp_path):
    load("slack", export(tmp_path, {"general/2020-01-02": DAY}), cast.community)
    erasure.erase(person=person("U2"), by=cast.amara)
    catch_up()
    before = Person.objects.count()
    report = load(
        "slack", export(tmp_path, {"general/2020-01-02": DAY, "general/2020-02-01": LATER}, "new.zip"), cast.community
    )
    assert (report.people, report.messages, report.reactions) == (0, 1, 0)
    assert report.skipped_by_reason == {"already_there": 1, "erased": 2}
    assert Person.objects.count() == before
    assert not Identity.objects.filter(source_key="U2").exists()
    assert not Post.objects.filter(text__in=["I have", "Again me"]).exists()
    # What others say goes on where it was.
    thread = Post.objects.get(text="Anyone else?").thread
    assert thread == Post.objects.get(text="Who has seeds?").thread
    assert thread.post_count == 3


def test_a_conversation_begun_by_someone_erased_goes_on(cast, tmp_path):
    load("slack", export(tmp_path, {"general/2020-01-02": DAY}), cast.community)
    erasure.erase(person=person("U1"), by=cast.amara)
    newer = [said("1580558403.000001", "Found more", "U2", thread_ts=ROOT)]
    load("slack", export(tmp_path, {"general/2020-01-02": DAY, "general/2020-02-01": newer}, "new.zip"), cast.community)
    assert Post.objects.get(text="Found more").thread == Post.objects.get(text="I have").thread
    assert Thread.objects.count() == 1


def test_merged_people_keep_their_counts_and_get_the_new_ones(cast, tmp_path):
    load("slack", export(tmp_path, {"general/2020-01-02": DAY}), cast.community)
    gone = person("U1")
    merging.merge(kept=cast.soraya, gone=gone, by=cast.amara)
    catch_up()
    started = MemberDay.objects.filter(person_id=cast.soraya.pk, verb="thread.started")
    assert sum(day.count for day in started) == 1
    load("slack", export(tmp_path, {"general/2020-01-02": DAY, "general/2020-02-01": LATER}, "new.zip"), cast.community)
    replies = MemberDay.objects.filter(person_id=cast.soraya.pk, verb="reply.posted")
    assert sum(day.count for day in replies) == 1
    assert person("U1") == cast.soraya
    assert not MemberDay.objects.filter(person_id=gone.pk).exists()
    # Private channels open for whoever the identity belongs to now.
    board = {"groups": [{"id": "G1", "name": "board", "members": ["U1"]}]}
    load("slack", export(tmp_path, {"board/2020-02-02": [said("1580558409.000001")]}, "b.zip", **board), cast.community)
    space = Space.objects.get(source_key="G1")
    assert Space.objects.visible_to(actor(cast.soraya)).filter(pk=space.pk).exists()
    assert not Space.objects.visible_to(actor(cast.lan)).filter(pk=space.pk).exists()


def test_the_same_person_in_two_sources_is_suggested(cast, tmp_path):
    users = [
        {"id": "U7", "name": "sora", "profile": {"real_name": "Soraya Haddad", "email": cast.soraya.account.email}}
    ]
    load("slack", export(tmp_path, {"general/2020-01-02": [said(ROOT, user="U7")]}, users=users), cast.community)
    suggesting.suggest(cast.community)
    found = MergeSuggestion.objects.get()
    assert {found.one, found.other} == {cast.soraya, person("U7")}


def test_what_was_taken_away_here_stays_away(cast, tmp_path):
    path = export(tmp_path, {"general/2020-01-02": DAY})
    load("slack", path, cast.community)
    Post.objects.get(text="I have").delete(by=cast.mateus, reason="off topic")
    newer = export(tmp_path, {"general/2020-01-02": DAY, "general/2020-02-01": LATER}, "new.zip")
    load("slack", newer, cast.community)
    assert Post.objects.get(text="I have").deleted_at is not None
    assert Post.objects.filter(text="I have").count() == 1


def test_no_import_sends_or_celebrates(cast, tmp_path, mailoutbox):
    load("slack", export(tmp_path, {"general/2020-01-02": DAY}), cast.community)
    assert mailoutbox == []
    assert set(Activity.objects.filter(source="slack").values_list("backfilled", flat=True)) == {True}
    assert Activity.objects.get(verb="thread.started").recorded_at <= clock.now()
