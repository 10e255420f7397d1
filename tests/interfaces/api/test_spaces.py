"""Taking part in conversations, as the person whose token it is."""

from __future__ import annotations

from milepost.domain.spaces.models import Post, Reaction, Thread
from milepost.foundation.activity.models import Activity
from tests.factories import Cast, make_goal, make_identity, make_space, make_thread, make_value

from .conftest import Caller, caller


def test_a_conversation_from_start_to_end(member: Caller, steward: Caller, cast: Cast) -> None:
    goal, value = make_goal(cast.community), make_value(cast.community)
    space = make_space(cast.community)
    body = {
        "title": "Rooms",
        "text": "Who *has* one?",
        "tags": ["Rooms", "help"],
        "goal": goal.slug,
        "value": value.slug,
    }
    thread = member.post(f"/spaces/{space.slug}/threads", body).json()
    assert thread["by"] == {"name": "Soraya Haddad", "source": "milepost", "person": str(cast.soraya.pk)}
    assert sorted(thread["tags"]) == ["help", "rooms"]
    assert (thread["goal_id"], thread["value_id"]) == (str(goal.pk), str(value.pk))
    (first,) = member.walk(f"/threads/{thread['id']}/posts")
    assert first["text"] == "Who *has* one?"
    answer = steward.post(f"/threads/{thread['id']}/posts", {"text": "We do.", "reply_to": first["id"]})
    assert answer.status_code == 201
    assert answer.json()["reply_to"] == first["id"]
    assert member.get(f"/threads/{thread['id']}").json()["posts"] == 2
    verbs = [row["verb"] for row in member.walk("/activities")]
    assert verbs == ["reply.posted", "thread.started"]


def test_editing_and_removing_ones_own(member: Caller, cast: Cast) -> None:
    thread = make_thread(make_space(cast.community), author=cast.soraya, posts=2)
    post = thread.posts.last()
    assert post is not None
    edited = member.send("PATCH", f"/posts/{post.pk}", {"text": "Said better"}).json()
    assert edited["text"] == "Said better"
    assert edited["edited_at"]
    assert member.send("DELETE", f"/posts/{post.pk}").status_code == 204
    assert member.get(f"/posts/{post.pk}").status_code == 404
    assert member.send("DELETE", f"/posts/{post.pk}").status_code == 404
    assert Post.objects.get(pk=post.pk).deleted_by == cast.soraya


def test_a_moderator_removes_and_does_not_put_words_into_mouths(cast: Cast) -> None:
    post = make_thread(make_space(cast.community), author=cast.soraya, posts=2).posts.last()
    assert post is not None
    moderator = caller(cast.mateus)
    assert moderator.send("PATCH", f"/posts/{post.pk}", {"text": "x"}).status_code == 403
    assert moderator.send("DELETE", f"/posts/{post.pk}").status_code == 204


def test_reactions(member: Caller, steward: Caller, cast: Cast) -> None:
    post = make_thread(make_space(cast.community), author=cast.ife).posts.get()
    for _twice in range(2):
        assert member.send("PUT", f"/posts/{post.pk}/reactions/👍").json()["reactions"] == {"👍": 1}
    assert steward.send("PUT", f"/posts/{post.pk}/reactions/👍").json()["reactions"] == {"👍": 2}
    assert member.send("DELETE", f"/posts/{post.pk}/reactions/👍").json()["reactions"] == {"👍": 1}
    assert member.send("PUT", f"/posts/{post.pk}/reactions/word").status_code == 422
    assert member.send("PUT", f"/posts/{post.pk}/reactions/%00").status_code in {404, 422}
    assert Reaction.objects.count() == 1
    assert Activity.objects.filter(verb="reaction.given").count() == 2


def test_what_a_conversation_points_to_has_to_be_there(member: Caller, cast: Cast) -> None:
    space, stranger = make_space(cast.community), make_goal()
    retired = make_goal(cast.community, adopted=False)
    for body in ({"goal": stranger.slug}, {"goal": retired.slug}, {"value": "none"}):
        answer = member.post(f"/spaces/{space.slug}/threads", {"title": "A", "text": "B"} | body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(body))}"
    assert not Thread.objects.exists()


def test_a_reply_answers_a_post_of_the_same_conversation(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    one, other = make_thread(space, author=cast.ife), make_thread(space, author=cast.ife)
    answer = member.post(f"/threads/{one.pk}/posts", {"text": "x", "reply_to": str(other.posts.get().pk)})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/reply_to"


def test_who_wrote_elsewhere_has_a_name_and_no_page(member: Caller, cast: Cast) -> None:
    thread = make_thread(make_space(cast.community), author=cast.joao)
    told = member.get(f"/threads/{thread.pk}").json()["by"]
    assert told == {"name": "João Pires", "source": "slack", "person": None}
    claimed = make_thread(make_space(cast.community), author=make_identity(cast.soraya, name="soraya_h"))
    told = member.get(f"/threads/{claimed.pk}").json()["by"]
    assert told == {"name": "Soraya Haddad", "source": "slack", "person": str(cast.soraya.pk)}
