"""The search page over HTTP."""

from __future__ import annotations

import pytest

from milepost.domain.spaces.models import Space, Thread
from milepost.foundation.activity import following
from milepost.interfaces.web.search.views import marked
from tests.factories import make_cast, make_goal, make_member, make_resource

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    cast = make_cast()
    hall = Space.create(community=cast.community, name="Hall", kind="open", by=cast.lan)
    team = Space.create(community=cast.community, name="Team", kind="private", by=cast.lan)
    space = Space.create(community=cast.community, name="Mixers", by=cast.lan)
    for n, where in enumerate((hall, team, space)):
        thread = Thread.start(space=where, title=f"Mixer {n}", text="A **mixer** & <more>", by=cast.lan)
        thread.reply(text="My mixer", by=cast.lan)
    make_goal(cast.community, adopted=False, title="Ten mixers to lend").adopt(by=cast.amara)
    following.catch_up(["search"])
    return cast


@pytest.fixture
def url(cast):
    return f"/c/{cast.community.slug}/search/"


def found(response) -> set[str]:
    return {
        f"Mixer {n}"
        for n in range(3)
        if f"Mixer {n}" in response.content.decode().replace("<mark>", "").replace("</mark>", "")
    }


def test_each_finds_what_they_may_see(client, cast, url):
    assert found(client.get(url, {"q": "mixer"})) == {"Mixer 0"}
    client.force_login(cast.noor)
    assert found(client.get(url, {"q": "mixer"})) == {"Mixer 0"}
    client.force_login(cast.soraya.account)
    assert found(client.get(url, {"q": "mixer"})) == {"Mixer 0", "Mixer 2"}
    client.force_login(cast.lan.account)
    assert found(client.get(url, {"q": "mixer"})) == {"Mixer 0", "Mixer 1", "Mixer 2"}
    other = make_member()
    client.force_login(other.account)
    assert found(client.get(f"/c/{other.community.slug}/search/", {"q": "mixer"})) == set()
    cast.community.visibility = "members"
    cast.community.save()
    assert client.get(url, {"q": "mixer"}).status_code == 404
    client.logout()
    assert client.get(url, {"q": "mixer"}).status_code == 302


def test_kinds_filters_and_links(client, cast, url):
    client.force_login(cast.soraya.account)
    everything = client.get(url, {"q": "mixer"}).content.decode()
    for expected in ("Everything", "Conversations", "Goals", "Spaces", "1 more here", "<mark>"):
        assert expected in everything
    goals = client.get(url, {"q": "mixer", "kind": "goal"})
    assert found(goals) == set()
    assert "/goals/goal-" in goals.content.decode()
    assert found(client.get(url, {"q": "mixer", "space": "hall"})) == {"Mixer 0"}
    assert found(client.get(url, {"q": "mixer", "space": "team"})) == {"Mixer 0", "Mixer 2"}
    assert found(client.get(url, {"q": "mixer", "by": "@lan", "period": "week"})) == {"Mixer 0", "Mixer 2"}
    nothing = client.get(url, {"q": "mixer", "by": "@soraya"}).content.decode()
    assert "Nothing found" in nothing
    post = Thread.objects.get(title="Mixer 0").posts.order_by("posted_at").first()
    assert (
        f"/posts/{post.pk}/" in everything
        or f"/posts/{post.thread.posts.order_by('posted_at').last().pk}/" in everything
    )


@pytest.mark.parametrize("query", ["", '"', "-", "NEAR(", "a AND", "'; DROP", "\x00", "%", "*", "🦖", "x" * 5000])
def test_no_question_breaks_the_page(client, cast, url, query):
    client.force_login(cast.soraya.account)
    assert client.get(url, {"q": query, "after": "1.x", "kind": "nonsense", "period": "?"}).status_code == 200


def test_the_search_field_stands_in_the_header(client, cast, url):
    client.force_login(cast.soraya.account)
    assert f'action="{url}"' in client.get(f"/c/{cast.community.slug}/spaces/").content.decode()


def test_what_was_found_is_marked_and_everything_else_is_text():
    assert marked("**A** \x02mixer\x03 <b> [here](https://x.example)") == "A <mark>mixer</mark> &lt;b&gt; here"


def test_a_page_of_results_takes_ten_queries(client, cast, url, django_assert_max_num_queries):
    client.force_login(cast.soraya.account)
    client.get(url, {"q": "mixer"})
    with django_assert_max_num_queries(10):
        client.get(url, {"q": "mixer"})


def test_visitors_find_the_resources_that_are_open(client, cast, url):
    make_resource(cast.community, title="Mixer for all", access="open")
    hidden = make_resource(cast.community, title="Mixer of ours")
    following.catch_up(["search"])
    text = client.get(url, {"q": "mixer", "kind": "resource"}).content.decode()
    assert "for all" in text
    assert "of ours" not in text
    client.force_login(cast.soraya.account)
    text = client.get(url, {"q": "mixer", "kind": "resource"}).content.decode()
    assert "for all" in text
    assert "of ours" in text
    assert f"/resources/{hidden.pk}/" in text
