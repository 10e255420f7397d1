from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from milepost.domain.events.models import Event
from milepost.domain.events.proposing import When
from milepost.domain.paths.models import Milestone
from milepost.engines.milestones.models import MilestoneClaim
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.identity.access import permissions
from milepost.foundation.identity.models import ApiToken, Community, Person
from milepost.outward.connectors.importing import start
from milepost.outward.connectors.uploading import keep
from tests.factories import (
    Cast,
    make_attachment,
    make_award,
    make_cast,
    make_charter,
    make_cohort,
    make_event,
    make_goal,
    make_milestone,
    make_opportunity,
    make_reaction,
    make_resource,
    make_space,
    make_thread,
)
from tests.factories.celebrating import make_moment
from tests.factories.segments import make_segment


class Caller:
    """A program with a token. Paths are below the community; those that begin with /api are whole."""

    def __init__(self, community: Community, secret: str) -> None:
        self.community, self.secret, self.client = community, secret, Client(raise_request_exception=False)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        whole = path if path.startswith(("/api", "http")) else f"/api/v1/communities/{self.community.slug}{path}"
        whole = whole.removeprefix("http://testserver")
        given = {"authorization": f"Bearer {self.secret}"} if self.secret else {}
        content: dict[str, Any] = {}
        if body is not None:
            content = {
                "data": body if isinstance(body, bytes) else json.dumps(body),
                "content_type": "application/json",
            }
        return self.client.generic(
            method, whole, headers=given | {k.replace("_", "-"): v for k, v in headers.items()}, **content
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def walk(self, path: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows, following = [], path
        while following:
            answer = self.get(following)
            assert answer.status_code == 200, answer.content
            rows += answer.json()["items"]
            following = answer.json()["next"]
        return rows


def caller(person: Person, scopes: list[str] | None = None) -> Caller:
    """A program of this member, with all scopes unless some are named."""
    chosen = sorted(permissions()) if scopes is None else scopes
    _token, secret = ApiToken.issue(account=person.account, community=person.community, name="test", scopes=chosen)
    return Caller(person.community, secret)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def steward(cast: Cast) -> Caller:
    return caller(cast.lan)


@pytest.fixture
def member(cast: Cast) -> Caller:
    return caller(cast.soraya)


@pytest.fixture
def known(cast: Cast, settings: Any) -> dict[str, Any]:
    """What is there, by the names that paths have for it. Nobody is held back by rates."""
    settings.API_RATES = {"read": 10**9, "write": 10**9, "address": 10**9}
    community = cast.community
    make_charter(community)
    goal = make_goal(community)
    space = make_space(community, kind="open", goal=goal)
    thread = make_thread(space, author=cast.amara, posts=3)
    post = thread.posts.first()
    make_reaction(post, by=cast.ife)
    make_attachment(post, url="https://example.org/a.txt")
    activity = record("praise.given", community=community, by=cast.ife, other=cast.amara, data={"words": "Thanks"})
    file = SimpleUploadedFile("members.csv", b"id,name\n1,Amara\n")
    run = start("table", str(keep(file, community)), community=community, by=cast.amara)
    course = make_resource(community, kind="course")
    for ident in course.version_in_force().lesson_ids:
        course.finish_lesson(lesson=uuid.UUID(ident), by=cast.amara)
    opportunity = make_opportunity(community)
    opportunity.take(by=cast.amara)
    make_segment(community, name="Guests")
    stone = make_milestone(community, slug="own-evening", verified_by=Milestone.Verifier.STEWARD)
    claim = MilestoneClaim.make(
        person=cast.ife, milestone=stone, reached_on=datetime.date(2026, 1, 5), text="Sold out."
    )
    return {
        "slug": community.slug,
        "segment": make_segment(community, name="Hosts").slug,
        "resource": course.slug,
        "lesson_id": ident,
        "opportunity": opportunity.slug,
        "stone": make_milestone(community).slug,
        "milestone": stone.slug,
        "claim_id": str(claim.pk),
        "goal": goal.slug,
        "space": space.slug,
        "thread_id": str(thread.pk),
        "post_id": str(post.pk),
        "person_id": str(cast.ife.pk),
        "activity_id": activity.pk,
        "award_id": str(make_award(cast.amara).pk),
        "moment_id": str(make_moment(make_award(cast.ife), by=cast.lan, text="Well done.").pk),
        "run_id": str(run.pk),
        "emoji": "👍",
        "event_id": str(_going_on(cast).pk),
        "cohort": make_cohort(community, walkers=[cast.amara, cast.lan]).slug,
    }


def _going_on(cast: Cast) -> Event:
    """An event that has begun and is not over: one can register for it, and check in."""
    before = clock.now() - datetime.timedelta(minutes=30)
    when = When(before.date(), before.time(), 300, "UTC")
    with clock.moved(datetime.timedelta(days=-1)):
        return make_event(host=cast.amara, when=when, audience="public")
