"""Lists: whole, in order, and steady while others write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.foundation.activity.recording import record
from tests.factories import Cast, make_member, make_organisation, make_person, make_post, make_space, make_thread

from .conftest import Caller

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def act(cast: Cast, n: int, **more: Any) -> Any:
    return record("praise.given", community=cast.community, by=cast.ife, happened_at=DAY + timedelta(hours=n), **more)


def test_a_walk_through_the_log_is_whole_while_others_write(member: Caller, cast: Cast) -> None:
    wanted = [act(cast, n // 3).pk for n in range(20)]  # several at the same moment
    seen: list[int] = []
    following: str | None = "/activities?limit=7"
    while following:
        answer = member.get(following).json()
        seen += [row["id"] for row in answer["items"]]
        following = answer["next"]
        act(cast, 100 + len(seen))
    assert seen == wanted[::-1]


def test_a_walk_through_the_people_is_whole_while_others_join(member: Caller, cast: Cast) -> None:
    for n in range(12):
        make_member(cast.community, name=f"Sam {n % 4}")
    wanted = {row["id"] for row in member.walk("/people?limit=200")}
    seen: list[dict[str, Any]] = []
    following: str | None = "/people?limit=5"
    while following:
        answer = member.get(following).json()
        seen += answer["items"]
        following = answer["next"]
        make_member(cast.community, name="Aaron")
    assert {row["id"] for row in seen} == wanted
    assert len(seen) == len(wanted)
    assert [row["name"] for row in seen] == sorted(row["name"] for row in seen)


def test_a_walk_through_threads_from_the_oldest_misses_none_that_are_answered(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    threads = [make_thread(space, author=cast.ife, started_at=DAY + timedelta(hours=n)) for n in range(9)]
    seen: set[str] = set()
    following: str | None = f"/spaces/{space.slug}/threads?order=oldest&limit=2"
    for n in range(20):
        answer = member.get(following).json()
        seen |= {row["id"] for row in answer["items"]}
        following = answer["next"]
        if not following:
            break
        if n < 5:
            make_post(threads[-1 - n], author=cast.ife)
    assert seen == {str(thread.pk) for thread in threads}


def test_posts_come_in_their_order(member: Caller, cast: Cast) -> None:
    thread = make_thread(make_space(cast.community), author=cast.ife, posts=11)
    texts = [row["text"] for row in member.walk(f"/threads/{thread.pk}/posts?limit=4")]
    assert len(texts) == 11
    assert texts[1:] == [f"Reply {n} in {texts[0].removeprefix('First post of ')}" for n in range(1, 11)]


def test_an_exact_page_has_no_next(member: Caller, cast: Cast) -> None:
    for n in range(4):
        act(cast, n)
    assert member.get("/activities?limit=4").json()["next"] is None
    assert member.get("/activities?limit=3").json()["next"]


def test_next_keeps_the_question(member: Caller, cast: Cast) -> None:
    for n in range(6):
        act(cast, n, space_id=None)
        record("reply.posted", community=cast.community, by=cast.lan, happened_at=DAY)
    rows = member.walk(f"/activities?verb=praise.given&person={cast.ife.pk}&limit=2")
    assert len(rows) == 6
    assert {row["verb"] for row in rows} == {"praise.given"}


@pytest.mark.parametrize("cursor", ["x", "e30", "a:b:c", "%00", "🙂", "1" * 700])
def test_what_is_no_cursor_is_refused(cursor: str, member: Caller) -> None:
    answer = member.get(f"/activities?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "cursor"


def test_a_cursor_of_another_list_is_refused(member: Caller, cast: Cast) -> None:
    act(cast, 1), act(cast, 2)
    cursor = member.get("/activities?limit=1").json()["next"].partition("cursor=")[2]
    assert member.get(f"/people?cursor={cursor}").status_code == 422
    assert member.get(f"/activities?cursor={cursor}").status_code == 200
    assert member.get(f"/activities?cursor={cursor[:-1]}x").status_code == 422


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "9" * 40])
def test_limits_of_a_page(limit: str, member: Caller) -> None:
    assert member.get(f"/people?limit={limit}").status_code == 422


def test_the_filters_of_people(member: Caller, cast: Cast) -> None:
    make_organisation(cast.community, name="Music School")
    hidden = make_person(cast.community, name="Music Unclaimed")
    left = make_member(cast.community, name="Music Gone", left_at="2035-01-01T00:00:00Z")

    def names(query: str) -> list[str]:
        return [row["name"] for row in member.walk(f"/people?{query}")]

    assert names("q=music") == ["Music School"]
    assert names("q=nguy lan") == ["Lan Nguyễn"]
    assert names("role=owner") == ["Amara Okonkwo"]
    assert names("kind=organisation&audience=partner") == ["Music School"]
    assert names("joined_since=2999-01-01T00:00:00Z") == []
    assert "Soraya Haddad" in names("joined_until=2999-01-01T00:00:00%2B14:00")
    for person in (hidden, left, cast.joao.person):
        assert member.get(f"/people/{person.pk}").status_code == 404


def test_members_see_nobody_unclaimed_in_the_log_and_stewards_do(member: Caller, steward: Caller, cast: Cast) -> None:
    record("reply.posted", community=cast.community, by=cast.joao, happened_at=DAY, source_key="x", data={"a": 1})
    record("praise.given", community=cast.community, by=cast.ife, other=cast.joao, happened_at=DAY)
    (row,) = member.walk("/activities")
    assert row["to"] is None
    assert (row["source_key"], row["data"]) == (None, {})
    shown = steward.walk("/activities")
    assert [row["verb"] for row in shown] == ["praise.given", "reply.posted"]
    assert shown[1]["by"] == {"name": "João Pires", "source": "slack", "person": None}
    assert shown[1]["data"] == {"a": 1}


def test_what_is_in_a_private_space_stays_there(member: Caller, steward: Caller, cast: Cast) -> None:
    space = make_space(cast.community, kind="private")
    thread = make_thread(space, author=cast.ife)
    record("reply.posted", community=cast.community, by=cast.ife, obj=thread, space_id=space.pk, happened_at=DAY)
    for who in (member, steward):
        assert who.walk("/activities") == []
        assert who.walk(f"/activities?space={space.slug}") == []
        assert who.walk("/spaces") == []
        paths = [f"/spaces/{space.slug}", f"/threads/{thread.pk}", f"/posts/{thread.posts.get().pk}"]
        assert [who.get(path).status_code for path in paths] == [404, 404, 404]
        assert who.post(f"/threads/{thread.pk}/posts", {"text": "Hello"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/people", "/activities", "/spaces", "/spaces/{space}/threads", "/threads/{thread}/posts"]
)
def test_pages_cost_the_same_however_full(
    path: str, member: Caller, cast: Cast, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    space = make_space(cast.community, slug="busy")
    thread = make_thread(space, author=cast.ife)
    where = path.format(space="busy", thread=thread.pk)

    def fill(count: int) -> None:
        for _n in range(count):
            person = make_member(cast.community)
            make_post(thread, author=person)
            make_thread(space, author=person)
            make_space(cast.community)
            record("praise.given", community=cast.community, by=person, other=cast.ife, happened_at=DAY)

    fill(2)
    member.get(where)
    with CaptureQueriesContext(connection) as few:
        member.get(where)
    fill(20)
    with CaptureQueriesContext(connection) as many:
        assert len(member.get(where).json()["items"]) >= 20
    assert len(many) == len(few) <= 7
