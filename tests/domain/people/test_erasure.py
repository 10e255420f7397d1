"""Erasing a person: no table says who they were, and what they did stays counted."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from milepost.domain.charter.agreeing import agree
from milepost.domain.people import belonging, erasure, inviting, joining, linking
from milepost.domain.people.models import ErasureRequest, Praise, Profile
from milepost.domain.spaces.models import Post, PostRevision
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.models import (
    Account,
    ApiToken,
    ErasedIdentity,
    Identity,
    Invitation,
    Membership,
    Person,
    PersonMerge,
)
from milepost.foundation.search import compacting
from tests.factories import (
    Cast,
    actor,
    make_account,
    make_attachment,
    make_cast,
    make_charter,
    make_identity,
    make_member,
    make_milestone,
    make_post,
    make_reaction,
    make_space,
    make_thread,
)

pytestmark = pytest.mark.django_db

NAME, SECOND, SECRET = "Zephyrine Quillfeather", "Quillfeather in Slack", "xylograph"
MAIL, SLACK_KEY = "zephyrine@quillfeather.example", "UZEPHY01"
NEEDLES = ["zephyrine", "quillfeather", SECRET, SLACK_KEY.lower(), "zephy"]


def traces(needles: Iterable[str]) -> list[str]:
    """Every table and value of the database that holds one of the words, whatever model or index it belongs to."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor:
                values = (
                    bytes(v).decode("utf-8", "replace") if isinstance(v, bytes | memoryview) else str(v) for v in row
                )
                found += [f"{table}: {v[:200]}" for v in values if any(n in v.lower() for n in needles)]
    return found


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def _live_through(cast: Cast, words: str = "") -> Person:
    """A member who has left something in every part of the community."""
    community = cast.community
    account = make_account(MAIL, name=NAME)
    SocialAccount.objects.create(user=account, provider="slack", uid="other", extra_data={"name": NAME})
    person = joining.join(account=account, community=community, came_from=f"a friend of {SECRET}").person
    ApiToken.issue(account=account, community=community, name=f"{SECRET}'s key", scopes=[])
    Profile.objects.create(person=person, community=community, about=f"I love the {SECRET}", headline=SECRET)
    agree(person=person, version=make_charter(community))
    milestone = make_milestone(community)
    Award.claim(person=person, milestone=milestone, reached_on=clock.today("UTC"), evidence=f"My {SECRET} in a shop")

    slack = make_identity(
        community=community, name=SECOND, handle="zephy", mail=MAIL, source_key=SLACK_KEY, attributes={"title": SECRET}
    )
    linking.suggest(community)
    linking.claim(identity=slack, person=person)
    wrong = make_identity(community=community, source="discord", name=f"{NAME} II")
    made = linking.merge(kept=person, gone=wrong.person, by=cast.lan, reason=f"{NAME} says so")
    linking.split(merge=made, by=cast.lan, reason=f"No, {NAME} does not")
    linking.merge(kept=person, gone=wrong.person, by=cast.lan, reason=f"After all, {NAME}")

    space = make_space(community)
    thread = make_thread(space, author=person, text=f"I carve a {SECRET}", title=f"On the {SECRET}")
    first = thread.posts.get()
    PostRevision.objects.create(community=community, post=first, text=f"I craved a {SECRET}", by=person)
    make_post(thread, author=slack, text=SECRET, html=f"<p>{SECRET}</p>")
    make_attachment(first, name=f"{SECRET}.png")
    answer = make_post(thread, author=cast.ife, text=f"@{person.handle} thank you! Ask @{SECOND}.{words}")
    for identity in (slack, person.identities.get(source="milepost")):
        answer.mentions.create(community=community, identity=identity)
    make_reaction(answer, by=person, emoji="🎉")
    record("thread.started", community=community, by=person, obj=thread, source_key=f"thread.started:{SECRET}")
    record("praise.given", community=community, by=cast.ife, other=person, data={"words": f"Thanks, {NAME}"})
    Praise.objects.create(community=community, giver=cast.ife, receiver=person, words=f"Thanks, {NAME}")

    belonging.take_role(person=person, role="ambassador", by=cast.lan)
    inviting.invite_mail(community=community, by=person, mail=f"cousin@{SECRET}.example", note=f"Yours, {NAME}")
    inviting.invite_mail(community=community, by=cast.amara, mail="zephyrine@work.example")
    Invitation.objects.filter(mail="zephyrine@work.example").update(mail=MAIL)
    catch_up()
    return Person.objects.get(pk=person.pk)


def test_no_table_says_who_they_were(cast):
    person = _live_through(cast)
    assert len(traces(NEEDLES)) > 20, "the test itself must leave traces"
    days = sum(MemberDay.objects.filter(person_id=person.pk).values_list("count", flat=True))
    erasure.erase(person=person, by=cast.amara)
    catch_up()
    compacting.compact()
    assert traces(NEEDLES) == []
    assert sum(MemberDay.objects.filter(person_id=person.pk).values_list("count", flat=True)) in {0, days}


def test_what_others_wrote_stays_but_for_the_name(cast):
    person = _live_through(cast, " Or @zephyrino.")
    answer = Post.objects.get(author__person=cast.ife)
    erasure.erase(person=person, by=person)
    answer.refresh_from_db()
    assert answer.text == "Former member thank you! Ask Former member. Or @zephyrino."
    assert answer.reactions == {}
    assert Activity.objects.filter(verb="post.edited", object_id=answer.pk, backfilled=True).count() == 1
    theirs = Post.objects.filter(author__person=person)
    assert list(theirs.values_list("text", "html")) == [("", "")] * 2
    assert answer.thread.title == "A conversation whose title was erased"
    assert not PostRevision.objects.exists()


def test_verb_and_day_stay_under_former_member(cast):
    person = _live_through(cast)
    verbs = set(Activity.objects.filter(identity__person=person).values_list("verb", flat=True))
    erasure.erase(person=person, by=cast.amara)
    person.refresh_from_db()
    assert (person.name, person.handle, person.account, person.is_public) == ("Former member", "", None, False)
    assert person not in Person.objects.listed()
    log = Activity.objects.filter(identity__person=person).exclude(verb="person.erased")
    assert set(log.values_list("verb", flat=True)) == verbs
    assert {a.source_key for a in log} == {None}
    joined = log.get(verb="member.joined")
    assert (joined.data, joined.redacted_at is not None) == ({}, True)
    membership = Membership.objects.get(person=person)
    assert (membership.role, membership.came_from, membership.is_active) == ("member", "", False)
    assert Award.objects.get().evidence == ""
    told = Activity.objects.get(verb="person.erased")
    assert told.identity.person == cast.amara
    assert told.data["person"] == str(person.pk)
    request = ErasureRequest.objects.get()
    assert request.done_at is not None
    assert {e["what"]: e["count"] for e in request.emptied} | {"posts": 2, "identities": 3, "threads": 1} == {
        e["what"]: e["count"] for e in request.emptied
    }


def test_the_trail_says_that_it_was_done_and_no_name(cast):
    person = _live_through(cast)
    erasure.erase(person=person, by=cast.amara)
    entry = AuditEntry.objects.get(action="person.erased")
    assert (entry.person, entry.changes) == (cast.amara, {"person": ["", str(person.pk)]})
    role = AuditEntry.objects.get(action="role.taken")
    assert (role.object_id, role.object_name, role.person) == (person.pk, "", cast.lan)


def test_a_keyed_hash_keeps_an_import_from_bringing_them_back(cast):
    person = _live_through(cast)
    erasure.erase(person=person, by=cast.amara)
    assert erasure.is_erased_many(cast.community, "slack", [SLACK_KEY, "U2"]) == {SLACK_KEY}
    assert erasure.is_erased_many(cast.community, "slack", [SLACK_KEY.lower()]) == {SLACK_KEY.lower()}
    assert erasure.is_erased_many(cast.community, "discord", [SLACK_KEY]) == set()
    assert erasure.is_erased_many(make_cast().community, "slack", [SLACK_KEY]) == set()
    assert all(SLACK_KEY not in e.digest and len(e.digest) == 64 for e in ErasedIdentity.objects.all())


def test_files_go_when_it_is_settled(cast, django_capture_on_commit_callbacks):
    photo = default_storage.save("photos/face.png", ContentFile(b"face"))
    Profile.objects.create(person=cast.soraya, community=cast.community, photo=photo)
    post = make_thread(author=cast.soraya).posts.get()
    attached = default_storage.save("attachments/song.txt", ContentFile(b"la"))
    make_attachment(post, file=attached)
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(person=cast.soraya, by=cast.soraya)
        assert default_storage.exists(photo)
    assert not default_storage.exists(photo)
    assert not default_storage.exists(attached)


def test_reactions_without_rows_stay_counted():
    post = make_post()
    post.reactions = {"👍": 5}
    post.save()
    cast = make_cast(post.community)
    make_reaction(post, by=cast.soraya)
    erasure.erase(person=cast.soraya, by=cast.amara)
    post.refresh_from_db()
    assert post.reactions == {"👍": 5}


def test_the_account_goes_with_its_last_community(cast):
    account = cast.soraya.account
    erasure.erase(person=cast.soraya, by=cast.soraya)
    assert not Account.objects.filter(pk=account.pk).exists()


def test_an_account_with_another_community_or_the_installation_stays(cast):
    both = make_account()
    here, there = (make_member(community, account=both) for community in (cast.community, make_cast().community))
    erasure.erase(person=here, by=cast.amara)
    there.refresh_from_db()
    assert there.account == both
    assert actor(both, cast.community).standing == "signed-in"
    operator = make_member(cast.community, account=make_account(is_operator=True))
    erasure.erase(person=operator, by=cast.amara)
    assert Account.objects.filter(is_operator=True).exists()


def test_who_was_erased_may_come_again_as_someone_new(cast):
    account = make_account()
    make_member(account=account)
    old = joining.join(account=account, community=cast.community).person
    erasure.erase(person=old, by=cast.amara)
    new = joining.join(account=account, community=cast.community).person
    assert new != old
    assert not Activity.objects.filter(identity__person=new).exclude(verb="member.joined").exists()


def test_the_last_owner_is_not_erased(cast):
    with pytest.raises(DomainError, match="no other owner"):
        erasure.erase(person=cast.amara, by=cast.amara)
    assert Person.objects.get(pk=cast.amara.pk).name == "Amara Okonkwo"


def test_only_owners_erase_others(cast):
    for by in (cast.lan, cast.ife, make_member(role="owner")):
        with pytest.raises(NotAllowed):
            erasure.erase(person=cast.soraya, by=by)
    erasure.erase(person=cast.soraya, by=cast.amara)
    with pytest.raises(Conflict):
        erasure.erase(person=cast.soraya, by=cast.amara)


def test_an_unclaimed_person_can_be_erased_and_not_split_again(cast):
    twin = make_identity(community=cast.community, source="discord")
    made = linking.merge(kept=cast.joao.person, gone=twin.person, by=cast.lan)
    with pytest.raises(Conflict):
        erasure.erase(person=twin.person, by=cast.amara)
    erasure.erase(person=cast.joao.person, by=cast.amara)
    assert set(Identity.objects.filter(pk__in=[twin.pk, cast.joao.pk]).values_list("name", "mail")) == {("", "")}
    twin.person.refresh_from_db()
    assert twin.person.erased_at is not None
    assert not PersonMerge.objects.filter(pk=made.pk).exists()


def test_the_label_is_in_the_community_s_language():
    cast = make_cast(language="de")
    erasure.erase(person=cast.soraya, by=cast.amara)
    cast.soraya.refresh_from_db()
    assert cast.soraya.name == erasure.former_member(cast.community)
