"""The index follows the log, and each finds what they may see."""

from __future__ import annotations

import datetime
import random

import pytest
from django.db import connection

from milepost.domain.charter.models import CharterVersion
from milepost.domain.people.erasure import erase
from milepost.domain.spaces.models import Post, Space, Thread
from milepost.foundation.activity import following
from milepost.foundation.activity.models import Activity
from milepost.foundation.common import clock
from milepost.foundation.search import finding, indexing
from milepost.foundation.search.finding import Wanted, find
from milepost.foundation.search.marking import BEGIN, END
from milepost.foundation.search.models import SearchDocument
from tests.factories import actor, make_cast, make_goal, make_member, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def space(cast):
    return Space.create(community=cast.community, name="First gigs", purpose="Rooms, fees, nerves", by=cast.lan)


def catch_up():
    following.catch_up(["search"])


def titles(who, text, **wanted):
    community = wanted.pop("community", None)
    asking = actor(who, community)
    hidden = Space.objects.ids_hidden_from(asking)
    found = find(asking, Wanted(text, hidden=hidden, **wanted))
    return [r.title.replace(BEGIN, "").replace(END, "") for r in found.results]


def index():
    rows = SearchDocument.objects.order_by("kind", "object_id")
    return list(rows.values_list("kind", "object_id", "parent_id", "space_id", "identity_id", "title", "body", "at"))


def test_a_post_is_found_by_its_words_and_its_threads_title(cast, space):
    thread = Thread.start(space=space, title="Borrowing a mixer", text="For Friday night.", by=cast.soraya)
    reply = thread.reply(text="Mine has six channels", by=cast.ife)
    catch_up()
    found = find(actor(cast.soraya), Wanted("mixer channel"))
    assert [(r.object_id, r.parent_id, r.kind) for r in found.results] == [(reply.pk, thread.pk, "post")]
    assert f"{BEGIN}channels{END}" in found.results[0].excerpt
    assert f"{BEGIN}mixer{END}" in found.results[0].title
    assert found.results[0].at == reply.posted_at


def test_posts_of_a_thread_are_one_result(cast, space):
    thread = Thread.start(space=space, title="Mixer", text="Who has a mixer?", by=cast.soraya)
    for n in range(4):
        thread.reply(text=f"My mixer {n}", by=cast.ife)
    catch_up()
    found = find(actor(cast.soraya), Wanted("mixer"))
    assert [r.more for r in found.results] == [4]
    assert found.counts == {"post": 1}


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("borrow", True),  # stemmed
        ("BORROWED", True),
        ("Nguyen", True),  # no diacritics
        ('"for friday"', True),
        ('"friday for"', False),
        ("friday -mixer", False),
        ("friday -drums", True),
        ("satur", False),
        ("fridays", True),
        ("neighbo", True),  # the beginning of the last word
        ("neighbo friday", False),
        ("friday, mixer!", True),
        ("the", True),  # no word is too common
    ],
)
def test_words(cast, space, text, there):
    Thread.start(
        space=space, title="Borrowing a mixer", text="For Friday, ask Nguyễn or the neighbourhood.", by=cast.soraya
    )
    catch_up()
    assert titles(cast.soraya, text) == (["Borrowing a mixer"] if there else [])


def test_a_title_is_worth_more_than_a_text(cast, space):
    Thread.start(space=space, title="Drums", text="Who lends some?", by=cast.soraya)
    Thread.start(space=space, title="Friday", text="Bring drums and more of what we need on stage", by=cast.soraya)
    catch_up()
    assert titles(cast.soraya, "drums") == ["Drums", "Friday"]


def test_every_kind_is_found(cast, space):
    make_value(cast.community, name="Openness", meaning="Anyone may ask about a mixer")
    CharterVersion.write(community=cast.community, mission="A mixer for everyone", by=cast.amara)
    make_goal(cast.community, adopted=False, title="Ten mixers to lend").adopt(by=cast.amara)
    Space.create(community=cast.community, name="Mixers", by=cast.lan)
    Thread.start(space=space, title="Mixer", text="Who has one?", by=cast.soraya)
    catch_up()
    found = find(actor(cast.soraya), Wanted("mixer"))
    assert found.counts == {"goal": 1, "mission": 1, "post": 1, "space": 1, "value": 1}
    only = find(actor(cast.soraya), Wanted("mixer", kind="goal"))
    assert [r.kind for r in only.results] == ["goal"]
    assert only.counts == found.counts


def test_who_sees_what(cast, space):
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    opened = Space.create(community=cast.community, name="Hall", kind="open", by=cast.lan)
    for n, where in enumerate((private, space, opened)):
        Thread.start(space=where, title=f"Mixer {n}", text="Which one?", by=cast.lan)
    catch_up()
    assert set(titles(cast.lan, "mixer")) == {"Mixer 2", "Mixer 1", "Mixer 0"}
    assert set(titles(cast.soraya, "mixer")) == {"Mixer 2", "Mixer 1"}
    assert titles(None, "mixer", community=cast.community) == ["Mixer 2"]
    assert titles(make_member(), "mixer") == []
    assert titles(cast.soraya, "team") == []
    asking = actor(cast.soraya)
    shown = list(Space.objects.visible_to(asking).values_list("pk", flat=True))
    assert len(find(asking, Wanted("mixer", shown=shown)).results) == 2
    closed = cast.community
    closed.visibility = "members"
    closed.save()
    assert titles(None, "mixer", community=closed) == []


def test_people_are_found_by_members_once_they_are_listed(cast):
    indexing.rebuild()
    assert titles(cast.soraya, "lan") == ["Lan Nguyễn"]
    assert titles(cast.soraya, "João") == []
    assert titles(None, "lan", community=cast.community) == []
    assert titles(make_member(), "lan") == []


def test_filters(cast, space):
    other = Space.create(community=cast.community, name="Hall", by=cast.lan)
    now = clock.now()
    with clock.moved(now - datetime.timedelta(days=40)):
        Thread.start(space=space, title="Old mixer", text="Which one?", by=cast.soraya)
    Thread.start(space=other, title="New mixer", text="Which one?", by=cast.ife)
    catch_up()
    me = cast.soraya
    assert titles(me, "mixer", space=space.pk) == ["Old mixer"]
    ife = list(cast.ife.identities.values_list("pk", flat=True))
    assert titles(me, "mixer", identities=ife) == ["New mixer"]
    assert titles(me, "mixer", identities=[]) == []
    month = now - datetime.timedelta(days=30)
    assert titles(me, "mixer", since=month) == ["New mixer"]
    assert titles(me, "mixer", until=month) == ["Old mixer"]


def test_pages_by_cursor_miss_and_repeat_nothing(cast, space):
    for n in range(7):
        Thread.start(space=space, title=f"Mixer {n}", text="Which one?", by=cast.soraya)
    catch_up()
    seen, after = [], ""
    while True:
        found = find(actor(cast.soraya), Wanted("mixer"), after=after, size=3)
        seen += [r.title for r in found.results]
        after = found.next
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7
    assert find(actor(cast.soraya), Wanted("mixer"), after="nonsense", size=3).results


def test_only_the_newest_are_ranked(cast, space, monkeypatch):
    monkeypatch.setattr(finding, "NEWEST", 3)
    now = clock.now()
    for days in range(6):
        with clock.moved(now - datetime.timedelta(days=days)):
            Thread.start(space=space, title=f"Mixer {days}", text="Which one?", by=cast.soraya)
    catch_up()
    found = find(actor(cast.soraya), Wanted("mixer"))
    assert found.only_newest
    assert {r.title.replace(BEGIN, "").replace(END, "") for r in found.results} == {"Mixer 0", "Mixer 1", "Mixer 2"}
    assert not find(actor(cast.soraya), Wanted("mixer 5")).only_newest


def test_what_changes_is_found_as_it_is(cast, space):
    thread = Thread.start(space=space, title="Mixer", text="Who has one?", by=cast.soraya)
    reply = thread.reply(text="A trombone", by=cast.ife)
    catch_up()
    reply.edit(text="A tuba", by=cast.ife)
    catch_up()
    assert (titles(cast.soraya, "trombone"), titles(cast.soraya, "tuba")) == ([], ["Mixer"])
    thread.change(title="Brass", by=cast.soraya)
    catch_up()
    assert titles(cast.soraya, "tuba") == ["Brass"]
    reply.delete(by=cast.ife)
    catch_up()
    assert titles(cast.soraya, "tuba") == []
    reply.restore(by=cast.ife)
    catch_up()
    assert titles(cast.soraya, "tuba") == ["Brass"]


def test_a_moved_thread_is_found_where_it_is(cast, space):
    private = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    thread = Thread.start(space=space, title="Mixer", text="Who has one?", by=cast.soraya)
    catch_up()
    assert titles(cast.soraya, "mixer") == ["Mixer"]
    thread.move(to=private, by=cast.lan)
    catch_up()
    assert titles(cast.soraya, "mixer") == []
    assert titles(cast.lan, "mixer") == ["Mixer"]


def test_what_an_erased_person_wrote_is_found_no_more(cast, space):
    thread = Thread.start(space=space, title="Trombones", text="A valve trombone", by=cast.soraya)
    thread.reply(text="Thank you", by=cast.ife)
    catch_up()
    assert titles(cast.lan, "trombone") == ["Trombones"]
    assert titles(cast.lan, "soraya") == []
    erase(person=cast.soraya, by=cast.amara)
    catch_up()
    assert titles(cast.lan, "trombone") == []
    assert len(titles(cast.lan, "thank")) == 1


def test_a_rewound_index_is_the_same(cast, space):
    CharterVersion.write(community=cast.community, mission="A mixer for everyone", by=cast.amara)
    Thread.start(space=space, title="Mixer", text="Who has one?", by=cast.soraya).reply(text="I", by=cast.ife)
    catch_up()
    before = index()
    following.rewind("search")
    assert index() == []
    assert titles(cast.soraya, "mixer") == []
    catch_up()
    assert index() == before
    assert len(before) == 4
    assert "Mixer" in titles(cast.soraya, "mixer")


@pytest.mark.parametrize("seed", range(6))
def test_after_whatever_happened_the_index_is_as_made_anew(cast, space, seed):
    """Random changes, followed in random steps, leave what a rebuild from the rows gives; and the text index agrees."""
    draw = random.Random(seed)
    other = Space.create(community=cast.community, name="Hall", kind="private", by=cast.lan)
    other.add(cast.mateus, by=cast.lan)
    Thread.start(space=space, title="Begin", text="alpha", by=cast.soraya)
    people = [cast.lan, cast.mateus]
    for n in range(40):
        thread = draw.choice(list(Thread.objects.filter(deleted_at__isnull=True)) or [None])
        what = draw.choice(["start", "reply", "reply", "edit", "delete", "restore", "change", "move", "space", "step"])
        post = draw.choice(list(Post.objects.filter(thread=thread))) if thread else None
        if what == "start" or thread is None:
            Thread.start(
                space=draw.choice([space, other]), title=f"Title {n}", text=f"beta {n}", by=draw.choice(people)
            )
        elif what == "reply":
            thread.reply(text=f"gamma {n}", by=draw.choice(people))
        elif what == "edit" and post.deleted_at is None and post.author.person_id in {p.pk for p in people}:
            post.edit(text=f"delta {n}", by=post.author.person)
        elif what == "delete":
            post.delete(by=cast.mateus)
        elif what == "restore":
            post.restore(by=cast.mateus)
        elif what == "change":
            thread.change(title=f"Changed {n}", by=cast.mateus)
        elif what == "move":
            thread.move(to=draw.choice([space, other]), by=cast.mateus)
        elif what == "space":
            space.change(name=f"Space {n}", by=cast.lan)
        else:
            following.step(following.find("search"))
    catch_up()
    kept = index()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
    indexing.rebuild()
    made = [row for row in index() if row[0] in {"post", "space"}]
    assert [row for row in kept if row[0] in {"post", "space"}] == made
    assert made


def test_history_is_found_without_a_line_of_python_a_row(cast, space, django_assert_max_num_queries, monkeypatch):
    """As an import writes it: rows at once, activities that name the thread and have the post's time."""
    author = cast.joao
    moment = clock.now() - datetime.timedelta(days=900)
    threads = [
        Thread(community=cast.community, space=space, title=f"Old {n}", author=author, started_at=moment)
        for n in range(300)
    ]
    Thread.objects.bulk_create(threads)
    posts = [
        Post(community=cast.community, space=space, thread=t, author=author, text=f"imported {n}", posted_at=moment)
        for n, t in enumerate(threads)
    ]
    Post.objects.bulk_create(posts)
    Activity.objects.bulk_create(
        Activity(
            community=cast.community,
            identity=author,
            verb="thread.started",
            object_kind="thread",
            object_id=t.pk,
            space_id=space.pk,
            happened_at=moment,
            source="slack",
            source_key=f"k{n}",
            backfilled=True,
        )
        for n, t in enumerate(threads)
    )
    # A slow machine has made the batches of earlier tests small.
    monkeypatch.setattr(following, "_sizes", {})
    with django_assert_max_num_queries(25):
        following.step(following.find("search"))
    assert SearchDocument.objects.filter(kind="post").count() == 300
    assert titles(cast.soraya, "imported 299") == ["Old 299"]


def test_a_space_that_an_import_made_is_found(cast):
    """Nobody opened it: it is there from its first message on, and its index with it."""
    brought = Space.objects.create(community=cast.community, slug="brought", name="Kettledrums", source="slack")
    Activity.objects.create(
        community=cast.community,
        identity=cast.joao,
        verb="thread.started",
        object_kind="thread",
        space_id=brought.pk,
        happened_at=clock.now(),
        source="slack",
        source_key="first",
        backfilled=True,
    )
    catch_up()
    assert titles(cast.soraya, "kettledrum") == ["Kettledrums"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)")
