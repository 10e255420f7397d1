"""The same write with the same key is done once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from milepost.domain.spaces.models import Post, Thread
from milepost.foundation.common import clock
from milepost.foundation.identity.models import IdempotentAnswer
from milepost.interfaces.api.tasks import expire_answers
from milepost.outward.connectors.models import ImportRun
from tests.factories import Cast, make_cast, make_space, make_thread

from .conftest import Caller, caller

TALK = {"title": "Rooms", "text": "Who has one?"}


def test_repeated_it_gives_the_same_answer(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    first = member.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k1")
    again = member.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Thread.objects.count() == 1
    other = member.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k2")
    assert other.json()["id"] != first.json()["id"]


def test_an_empty_answer_is_repeated_too(member: Caller, cast: Cast) -> None:
    post = make_thread(make_space(cast.community), author=cast.soraya, posts=2).posts.last()
    for replayed in (None, "true"):
        answer = member.send("DELETE", f"/posts/{post.pk}", Idempotency_Key="k1")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers.get("Idempotency-Replayed") == replayed


def test_another_request_with_the_key_is_refused(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    where = f"/spaces/{space.slug}/threads"
    member.post(where, TALK, Idempotency_Key="k1")
    other_body = member.post(where, TALK | {"title": "Halls"}, Idempotency_Key="k1")
    other_place = member.post(f"/spaces/{make_space(cast.community).slug}/threads", TALK, Idempotency_Key="k1")
    for answer in (other_body, other_place):
        assert answer.status_code == 422
        assert answer.json()["detail"] == "This Idempotency-Key belongs to another request."
    assert Thread.objects.count() == 1


def test_keys_belong_to_their_account(member: Caller, steward: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    one = member.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k1")
    other = steward.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k1")
    assert one.json()["id"] != other.json()["id"]


def test_a_refusal_leaves_the_key_free(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community, read_only_at=clock.now())
    where = f"/spaces/{space.slug}/threads"
    assert member.post(where, TALK, Idempotency_Key="k1").status_code == 422
    space.read_only_at = None
    space.save()
    assert member.post(where, TALK, Idempotency_Key="k1").status_code == 201


def test_while_the_first_is_at_work_the_second_waits(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    where = f"/spaces/{space.slug}/threads"
    member.post(where, TALK, Idempotency_Key="k1")
    IdempotentAnswer.objects.update(status=IdempotentAnswer.AT_WORK, body=None)
    answer = member.post(where, TALK, Idempotency_Key="k1")
    assert answer.status_code == 409
    assert answer.headers["Retry-After"] == "2"


def test_a_process_that_died_makes_nothing_twice(member: Caller, cast: Cast) -> None:
    """It wrote the post and died before it could say so: the next request finds the post."""
    space = make_space(cast.community)
    where = f"/spaces/{space.slug}/threads"
    first = member.post(where, TALK, Idempotency_Key="k1").json()
    IdempotentAnswer.objects.update(status=IdempotentAnswer.AT_WORK, body=None)
    with clock.moved(timedelta(minutes=11)):
        again = member.post(where, TALK, Idempotency_Key="k1")
    assert again.status_code == 201
    assert again.json()["id"] == first["id"]
    thread = Thread.objects.get()
    replied = f"/threads/{thread.pk}/posts"
    first = member.post(replied, {"text": "We do."}, Idempotency_Key="k2").json()
    IdempotentAnswer.objects.filter(key="k2").update(status=IdempotentAnswer.AT_WORK, body=None)
    with clock.moved(timedelta(minutes=11)):
        assert member.post(replied, {"text": "We do."}, Idempotency_Key="k2").json()["id"] == first["id"]
    assert Post.objects.count() == 2


def test_after_a_day_it_is_forgotten(member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    where = f"/spaces/{space.slug}/threads"
    member.post(where, TALK, Idempotency_Key="k1")
    with clock.moved(timedelta(hours=23)):
        expire_answers()
        assert IdempotentAnswer.objects.count() == 1
    with clock.moved(timedelta(hours=25)):
        assert member.post(where, TALK, Idempotency_Key="k1").status_code == 201
        assert Thread.objects.count() == 2
    with clock.moved(timedelta(hours=50)):
        expire_answers()
    assert IdempotentAnswer.objects.count() == 0


def test_uploads_are_told_apart_by_their_content(cast: Cast, steward: Caller) -> None:
    def send(content: bytes) -> Any:
        return Client().post(
            f"/api/v1/communities/{cast.community.slug}/imports",
            {"kind": "table", "file": SimpleUploadedFile("members.csv", content)},
            headers={"authorization": f"Bearer {steward.secret}", "idempotency-key": "k1"},
        )

    first, again, other = send(b"id,name\n1,Amara\n"), send(b"id,name\n1,Amara\n"), send(b"id,name\n2,Lan\n")
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json() == first.json()
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize("key", ["ü", "x" * 201, "a b"])
def test_a_key_is_a_word(key: str, member: Caller, cast: Cast) -> None:
    space = make_space(cast.community)
    answer = member.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header"


@pytest.mark.django_db(transaction=True)
def test_at_once_it_is_done_once() -> None:
    cast = make_cast()
    space = make_space(cast.community)
    who = caller(cast.soraya)
    answers: list[Any] = []
    gate = threading.Barrier(6)

    def run() -> None:
        client = Caller(cast.community, who.secret)
        gate.wait(timeout=60)
        try:
            answers.append(client.post(f"/spaces/{space.slug}/threads", TALK, Idempotency_Key="k1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == 6
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert Thread.objects.count() == 1
    assert Post.objects.count() == 1
