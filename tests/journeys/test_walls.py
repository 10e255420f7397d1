"""Two communities on one site: whatever address is tried, nothing of the one is reached from the other."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db.models import Model
from django.test import Client

from milepost.domain.deliberation.models import Conversation
from milepost.domain.events import registering
from milepost.domain.paths.models import Milestone
from milepost.domain.people.attributes import tell
from milepost.domain.people.models import AttributeDefinition, Profile
from milepost.domain.resources.models import Resource
from milepost.domain.work.models import Opportunity
from milepost.engines.milestones.models import Award
from milepost.engines.segments.listing import add
from milepost.engines.segments.models import Segment
from milepost.foundation.common import clock
from milepost.foundation.identity.access import permissions
from milepost.foundation.identity.models import (
    Claim,
    Community,
    Invitation,
    JoinRequest,
    MergeSuggestion,
    Person,
)
from milepost.outward.connectors.models import AwardImport, AwardRow, ImportRun
from milepost.outward.connectors.moving.tables import tables
from tests.architecture.pages import ids_of, named_in
from tests.architecture.routes import Route, routes
from tests.factories import (
    make_account,
    make_attachment,
    make_charter,
    make_community,
    make_conversation,
    make_event,
    make_goal,
    make_identity,
    make_member,
    make_milestone,
    make_opportunity,
    make_person,
    make_post,
    make_reaction,
    make_resource,
    make_space,
    make_thread,
    make_value,
)
from tests.factories.celebrating import (
    make_badge,
    make_landmark,
    make_moment,
    make_outside_badge,
    make_wall,
    make_wording,
)
from tests.factories.segments import make_segment
from tests.factories.walking import make_one_of_each

pytestmark = pytest.mark.django_db

REFUSED = {301, 302, 400, 403, 404, 405}
FOR_EVERYONE = {"visitor", "signed-in"}


class World:
    """A community with one of everything, each bearing its secret word."""

    def __init__(self, slug: str) -> None:
        self.secret = f"secret{slug}"
        self._ids: dict[tuple[type[Model], ...], list[uuid.UUID]] = {}
        word = self.secret
        self.community = make_community(slug, name=f"Named {slug}", visibility=Community.Visibility.MEMBERS)
        self.owner = make_member(self.community, role="owner", name=f"Owner {word}")
        self.member = make_member(self.community, name=f"Member {word}", handle=f"handle-{slug}")
        Profile.objects.create(person=self.member, community=self.community, headline=word)
        make_charter(self.community)
        value = make_value(self.community, slug=f"value-{slug}")
        goal = make_goal(self.community, slug=f"goal-{slug}", title=f"Goal {word}", value=value)
        milestone = make_milestone(self.community, slug=f"milestone-{slug}", name=f"Milestone {word}")
        space = make_space(self.community, slug=f"space-{slug}", name=f"Space {word}", goal=goal, kind="private")
        thread = make_thread(space, author=self.member, text=word, title=f"Thread {word}")
        post = make_post(thread, author=self.member, text=f"Post {word}")
        make_reaction(post, by=self.member)
        make_attachment(post, name=f"{word}.txt")
        award = Award.objects.create(
            community=self.community,
            person=self.member,
            milestone=milestone,
            reached_on=clock.now().date(),
            evidence=word,
        )
        make_moment(award, by=self.owner, text=word)
        make_landmark(self.community, name=word)
        make_wall(self.community, name=word)
        make_wording(self.community, text=word)
        make_badge(award)
        make_outside_badge(self.member, name=word)
        self._deliberates(slug)
        self._gather()
        self._gathers_members(slug)
        make_one_of_each(self.community, slug=slug, word=word, member=self.member, other=self.owner)
        self._enter(slug, milestone)
        self.helps(value=value, goal=goal, milestone=milestone)

    def _enter(self, slug: str, milestone: Milestone) -> None:
        """Who comes in: ghosts of imports, claims, invitations, requests, and an import."""
        word = self.secret
        ghost = make_person(self.community, name=f"Ghost {word}")
        identity = make_identity(ghost, name=f"Ghost {word}")
        Claim.objects.create(community=self.community, identity=identity, person=self.member, reason=word)
        other = make_person(self.community, name=f"Other {word}")
        reasons = [{"kind": "name", "sources": [word]}]
        MergeSuggestion.objects.create(community=self.community, one=ghost, other=other, reasons=reasons)
        Invitation.objects.create(
            community=self.community,
            kind="link",
            digest=hashlib.sha256(slug.encode()).hexdigest(),
            invited_by=self.owner,
            label=word,
        )
        JoinRequest.objects.create(
            community=self.community, account=make_account(name=f"Applicant {word}"), answers={"why": word}
        )
        ImportRun.objects.create(
            community=self.community,
            kind="slack",
            source="slack",
            path="gone.zip",
            file_name=f"{word}.zip",
            fingerprint=slug,
        )

        file = AwardImport.objects.create(
            community=self.community, file_name=f"{word}.csv", fingerprint=slug, read_at=clock.now()
        )
        AwardRow.objects.create(community=self.community, run=file, line=2, who=word, milestone=milestone, note=word)

    def _gather(self) -> None:
        word = self.secret
        event = make_event(
            host=self.owner, title=f"Event {word}", description=word, mode="online", link=f"https://{word}.example"
        )
        registering.register(event=event, by=self.member)

    def _gathers_members(self, slug: str) -> None:
        word = self.secret
        segment = make_segment(self.community, name=f"Segment {word}", rule={"did": "reply.posted"})
        Segment.objects.filter(pk=segment.pk).update(slug=f"segment-{slug}")
        add(segment=make_segment(self.community, name=f"List {word}"), people=[self.member], by=None)
        asked = AttributeDefinition.define(community=self.community, label=f"Asked {word}", kind="text", by=None)
        AttributeDefinition.objects.filter(pk=asked.pk).update(slug=f"attribute-{slug}")
        tell(person=self.member, values={f"attribute-{slug}": word}, by=None)

    def _deliberates(self, slug: str) -> None:
        word = self.secret
        made = make_conversation(
            self.community, by=self.owner, question=f"Question {word}", statements=[f"Statement {word}"]
        )
        Conversation.objects.filter(pk=made.pk).update(slug=f"conversation-{slug}")
        made.statements.get().vote(by=self.member, value=1)

    def helps(self, **served: Any) -> None:
        """A course that both have finished, and a way to take part that the member took."""
        word, slug = self.secret, self.community.slug
        value, goal, milestone = (served[name] for name in ("value", "goal", "milestone"))
        course = make_resource(
            by=self.member, kind="course", title=f"Course {word}", milestones=[milestone], goals=[goal], values=[value],
            authors=[self.member], tags=[word],
        )  # fmt: skip
        for person in (self.member, self.owner):
            for lesson in course.version_in_force().lesson_ids:
                course.finish_lesson(lesson=uuid.UUID(lesson), by=person)
        course.rate(by=self.owner, stars=4, comment=word)
        task = make_opportunity(by=self.member, title=f"Help {word}", text=word, goal=goal, skills=[word])
        task.take(by=self.member)
        Resource.objects.filter(pk=course.pk).update(slug=f"resource-{slug}")
        Opportunity.objects.filter(pk=task.pk).update(slug=f"opportunity-{slug}")

    def ids(self, route: Route) -> list[uuid.UUID]:
        """One id of each kind of row that the route may be asked about; one of every kind where that is not known."""
        kinds = named_in(route)
        if kinds not in self._ids:
            self._ids[kinds] = ids_of(self.community, kinds) or ids_of(self.community, tuple(apps.get_models()))
        return self._ids[kinds]

    def word(self, part: str) -> str:
        """What stands in an address for a thing with a name: its slug or handle."""
        return f"handle-{self.community.slug}" if part == "person" else f"{part}-{self.community.slug}"

    def fingerprint(self) -> str:
        """Changes when any row of the community does."""
        mark = hashlib.sha256()
        for table in tables():
            rows = sorted(map(repr, table.rows(self.community).values_list()))
            mark.update("\n".join([table.name, *rows]).encode())
        return mark.hexdigest()


@pytest.fixture
def worlds() -> tuple[World, World]:
    return World("ours"), World("theirs")


def signed_in(person: Person) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(person.account)
    return client


def told(answer: Any) -> bytes:
    """All that was answered. The test client closes a streamed file when it has been read to its end."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def inside() -> list[Route]:
    return [r for r in routes() if r.in_community]


def addresses(route: Route, slug: str, world: World, *, at_most: int = 1_000) -> Iterator[str]:
    """The route in the community `slug`, with the names of `world` and each kind of id in turn in its parts."""
    parts = [(name, kind) for name, kind in route.parts if name != "slug"]
    ids: list[Any] = world.ids(route)[:at_most] if any(kind == "uuid" for _, kind in parts) else [None]
    for ident in ids:
        values = {n: ident if kind == "uuid" else 1 if kind == "int" else world.word(n) for n, kind in parts}
        yield route.url(slug=slug, **values)


def test_no_address_reaches_into_another_community(worlds: tuple[World, World]) -> None:
    ours, theirs = worlds
    client, before = signed_in(ours.owner), theirs.fingerprint()
    tried = 0
    for route in inside():
        for url in addresses(route, ours.community.slug, theirs):
            cache.clear()  # rate limits are tested elsewhere
            for method in ("get", "post"):
                answer = getattr(client, method)(url)
                body = told(answer)
                assert theirs.secret.encode() not in body, f"{method} {url}"
                tried += 1
    assert tried > 100
    assert theirs.fingerprint() == before


def test_every_kind_of_row_is_tried_somewhere(worlds: tuple[World, World]) -> None:
    """What no area names would be tried nowhere."""
    _ours, theirs = worlds
    by_uuid = [route for route in inside() if any(kind == "uuid" for _, kind in route.parts)]
    assert all(theirs.ids(route) for route in by_uuid)
    assert len({ident for route in by_uuid for ident in theirs.ids(route)}) > 30


def test_strangers_are_kept_out_of_a_closed_community(worlds: tuple[World, World]) -> None:
    ours, theirs = worlds
    stranger = Client()
    stranger.force_login(make_account(name="Stranger"))
    before = ours.fingerprint()
    for who, client in (("visitor", Client()), ("elsewhere", signed_in(theirs.owner)), ("stranger", stranger)):
        _is_kept_out(client, ours, who)
    assert ours.fingerprint() == before


def _is_kept_out(client: Client, ours: World, who: str) -> None:
    for route in inside():
        lowest = permissions()[route.view.permission].lowest  # type: ignore[attr-defined]
        # The permission is asked before anything is looked up, so one id is as good as another.
        cache.clear()
        for url in addresses(route, ours.community.slug, ours, at_most=2):
            for method in ("get", "post"):
                if method == "post" and lowest in FOR_EVERYONE:
                    continue
                answer = getattr(client, method)(url)
                if lowest not in FOR_EVERYONE:
                    assert answer.status_code in REFUSED, f"{who}: {method} {url}: {answer.status_code}"
                body = told(answer)
                private = [
                    f"Thread {ours.secret}",
                    f"Question {ours.secret}",
                    f"Statement {ours.secret}",
                    f"Post {ours.secret}",
                    f"Member {ours.secret}",
                    f"Ghost {ours.secret}",
                ]
                assert not [p for p in private if p.encode() in body], f"{who}: {method} {url}"
