"""The demo community into the database, as if its eighteen months had happened here.

People who act on their own behalf go through the domain (founding, claims of milestones, thanks) with the clock set to the
moment; what thousands of rows would make slow (posts, reactions, their activities) is written set-based with the same values. All
in one transaction: loaded or not there at all.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from milepost.domain.charter.models import CharterVersion, Value
from milepost.domain.goals.models import Goal
from milepost.domain.paths.models import Milestone
from milepost.domain.people.handles import free_handle
from milepost.domain.people.joining import found_community
from milepost.domain.people.models import Praise, Profile
from milepost.domain.spaces.models import Mention, Post, Reaction, Space, SpaceMember, Tag, Thread
from milepost.engines.milestones.models import Award
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.following import catch_up
from milepost.foundation.activity.recording import record_many
from milepost.foundation.common import clock
from milepost.foundation.common.bulk import learn_statistics
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.models import (
    Account,
    Community,
    Identity,
    Membership,
    Person,
)
from milepost.foundation.identity.models.person import LOCAL
from milepost.outward.connectors.importing import LOOKED_AT

from . import around, conversations, events, records, resources, walking
from .celebrating import celebrate
from .generating import generate
from .report import LoadReport
from .ruling import rule

SEED = 7
PASSWORD = "open-stage-demo"  # noqa: S105 (printed for everyone; made only where nobody else can reach the site)
SHOWN = ("owner", "steward", "moderator", "ambassador", "member", "newcomer")
"""Whose sign-ins are offered, by their part in the cast."""
FRESH = datetime.timedelta(days=45)
"""What happened since then is celebrated; what is older is history."""
UNCLAIMED = 3
STEPS = 14
"""Of the progress that is told: thirteen of writing, and one of counting."""

Progress = Callable[..., None]


def is_loaded() -> bool:
    return Community.objects.filter(slug=_slug()).exists()


def _slug() -> str:
    from .reading import community

    return str(community()["slug"])


def sign_ins() -> list[tuple[str, str, str]]:
    """(name and part, mail, password) of the cast that visitors of the demo may sign in as."""
    cast = generate(SEED, clock.now()).cast.values()
    found = sorted((p for p in cast if p.cast in SHOWN), key=lambda p: SHOWN.index(str(p.cast)))
    return [(f"{p.name}, {p.cast}", p.mail, PASSWORD) for p in found]


def load(
    *, now: datetime.datetime | None = None, seed: int = SEED, progress: Progress | None = None, force: bool = False
) -> LoadReport:
    """Write the demo community, and bring the readers up to it. Twice changes nothing. No mail is sent.

    Raises DomainError on a production site, where everyone knew the sign-ins; `force` gives the cast no passwords there.
    """
    if settings.PRODUCTION and not force:
        raise DomainError(
            "The demo community has sign-ins that everyone knows; it is not loaded on a production site.",
            "Try it on your own machine with `milepost serve`.",
        )
    demo, tell = generate(seed, now or clock.now()), progress or (lambda *_: None)
    if Community.objects.filter(slug=demo.slug).exists():
        return LoadReport(demo.slug)
    with transaction.atomic():
        report = _Loader(demo, tell, known_password=not settings.PRODUCTION).load()
    tell(STEPS - 1, STEPS, "counting")
    learn_statistics(*LOOKED_AT)
    catch_up()
    rule(demo.slug)
    celebrate(demo.slug, demo.now, seed)
    catch_up()
    tell(STEPS, STEPS, "")
    return report


class _Loader:
    def __init__(self, demo: records.DemoCommunity, tell: Progress, *, known_password: bool) -> None:
        self.demo, self.tell, self.known_password = demo, tell, known_password
        self.people: dict[str, Person] = {}
        self.identities: dict[str, Identity] = {}
        self.archive: dict[str, Identity] = {}
        self.values: dict[str, Value] = {}
        self.goals: dict[str, Goal] = {}
        self.milestones: dict[str, Milestone] = {}
        self.spaces: dict[str, Space] = {}
        self.log: list[tuple[Any, ...]] = []

    def load(self) -> LoadReport:
        demo = self.demo
        with clock.moved(demo.began_at):
            self.community = found_community(
                slug=demo.slug,
                name=demo.name,
                owner=None,
                tagline=demo.tagline[:200],
                accent_hue=demo.accent_hue,
                time_zone=demo.time_zone,
                join_policy=demo.join_policy,
                join_questions=[{"key": f"q{n}", "question": q} for n, q in enumerate(demo.join_questions, 1)],
            )
        for n, (note, step) in enumerate(
            (
                ("people", self._people),
                ("mission and goals", self._purpose),
                ("spaces", self._spaces),
                ("conversations", self._threads),
                ("reactions", self._reactions),
                ("milestones", self._milestones),
                ("thanks", self._thanks),
                ("personas and groups", lambda: walking.walk(self)),
                ("gatherings", lambda: events.gather(self)),
                ("what helps", lambda: resources.load(self)),
                ("opinion maps", lambda: conversations.converse(self)),
                ("invitations and claims", lambda: around.waiting(self)),
                ("chapters", lambda: around.chapters(self)),
            )
        ):
            self.tell(n, STEPS, note)
            step()
        self.log.sort(key=lambda row: row[9])
        record_many(self.log)
        return LoadReport(
            community=demo.slug,
            people=len(demo.people),
            spaces=len(demo.spaces),
            threads=len(demo.threads),
            posts=sum(len(t.posts) for t in demo.threads),
            reactions=len(demo.reactions),
            milestones=len(demo.life_milestones),
            thanks=len(demo.praise),
        )

    # -- people ------------------------------------------------------------------------------------------

    def _people(self) -> None:
        known = make_password(PASSWORD) if self.known_password else make_password(None)
        joins = {join.person: join for join in self.demo.joins}
        accounts, addresses, profiles, memberships = [], [], [], []
        for record in self.demo.people:
            human = record.kind == "human"
            account = self._account(record, known) if human or record.cast else None
            if account is not None:
                accounts.append(account)
                addresses.append(EmailAddress(user=account, email=account.email, verified=True, primary=True))
            person = Person(
                community=self.community,
                account=account,
                kind="human" if human else "organisation",
                name=record.name,
                handle=free_handle(self.community, record.handle),
                claimed_at=record.joined_at if account else None,
                created_at=record.joined_at,
            )
            self.people[record.key] = person
            profiles.append(around.profile(self.community, person, record))
        Account.objects.bulk_create(accounts)
        EmailAddress.objects.bulk_create(addresses)
        Person.objects.bulk_create(self.people.values())
        Profile.objects.bulk_create(profiles)
        for record in self.demo.people:
            person, join = self.people[record.key], joins[record.key]
            memberships.append(self._membership(record, person, join))
            key = str(person.account_id or person.pk)
            self.identities[record.key] = Identity(
                community=self.community,
                person=person,
                source=LOCAL,
                source_key=key,
                name=person.name,
                claimed_at=record.joined_at,
            )
        Membership.objects.bulk_create(memberships)
        Identity.objects.bulk_create(self.identities.values())
        for record in self.demo.people:
            self._note(
                "member.joined",
                record.key,
                record.joined_at,
                "member.joined",
                data={"came_from": joins[record.key].source},
            )

    @staticmethod
    def _account(record: records.Person, known: str) -> Account:
        account = Account(
            email=record.mail,
            name=record.name,
            time_zone=record.time_zone,
            date_joined=record.joined_at,
            last_login=None,
        )
        account.password = known if record.cast else make_password(None)
        return account

    def _membership(self, record: records.Person, person: Person, join: records.Join) -> Membership:
        audience = next((a for a in record.audiences if a in Membership.Audience.values and a != "member"), "member")
        return Membership(
            community=self.community,
            person=person,
            role=record.role,
            audience=audience,
            joined_at=record.joined_at,
            left_at=record.left_at,
            paused_at=None if record.left_at else record.paused_at,
            came_from=f"{join.source}: {join.detail}"[:120] if join.detail else join.source,
            invited_by=self.people.get(join.invited_by or ""),
        )

    def _note(self, verb: str, who: str, at: datetime.datetime, key: str, **more: Any) -> None:
        """One line for the log, in the order of `recording.COLUMNS`."""
        other = more.get("other")
        identity = more.get("identity") or self.identities[who]
        self.log.append(
            (
                current_epoch(), self.community.pk, identity.pk, verb, more.get("kind", ""), more.get("object_id", NO_ID),
                more.get("space_id", NO_ID), other.pk if other else None, None, at, at, more.get("source", LOCAL),
                f"{key}:{identity.pk}" if key == verb else key, more.get("data", {}), True,
            )
        )  # fmt: skip

    # -- what it is for ----------------------------------------------------------------------------------

    def _purpose(self) -> None:
        demo, owner = self.demo, self._by_role("owner")
        with clock.moved(demo.began_at + datetime.timedelta(days=20)):
            CharterVersion.write(
                community=self.community,
                mission=demo.charter.mission,
                vision=f"{demo.charter.why}\n\n{demo.charter.vision}",
                agreements=demo.charter.agreements,
                rationale="Written together over three Thursdays, from what people said they had come for.",
                by=owner,
            )
            for n, value in enumerate(demo.charter.values):
                self.values[value.slug] = Value.objects.create(
                    community=self.community, slug=value.slug, name=value.name, meaning=value.sentence, position=n
                )
            for n, stone in enumerate(demo.milestones):
                self.milestones[stone.slug] = Milestone.objects.create(
                    community=self.community, slug=stone.slug, name=stone.name, why=stone.why[:400], position=n
                )
            for n, goal in enumerate(demo.goals):
                made = Goal.objects.create(
                    community=self.community,
                    slug=goal.slug,
                    title=goal.title,
                    why=goal.why,
                    value=self.values.get(goal.value),
                    milestone=self.milestones.get(goal.measure.removeprefix("milestone:")),
                    target=goal.target,
                    unit=goal.unit[:40],
                    deadline=goal.deadline,
                    position=n,
                )
                made.adopt(by=owner)
                self.goals[goal.slug] = made

    def _by_role(self, role: str) -> Person:
        return next(self.people[p.key] for p in self.demo.people if p.role == role)

    # -- talk --------------------------------------------------------------------------------------------

    def _spaces(self) -> None:
        first = min(t.started_at for t in self.demo.threads)
        kinds = {"open": Space.Kind.OPEN, "members": Space.Kind.MEMBERS, "private": Space.Kind.PRIVATE}
        for record in self.demo.spaces:
            archive = record.access == "archive"
            self.spaces[record.slug] = Space.objects.create(
                community=self.community,
                slug=record.slug,
                name=record.name,
                purpose=record.purpose[:400],
                kind=kinds.get(record.access, Space.Kind.MEMBERS),
                value=self.values.get(record.value),
                goal=self.goals.get(record.goal or ""),
                source=around.ARCHIVE_SOURCE if archive else "",
                source_key="C0LDCHAT" if archive else "",
                read_only_at=first if archive else None,
                created_at=first,
            )
            if record.access == "private":
                SpaceMember.objects.bulk_create(
                    SpaceMember(
                        community=self.community, space=self.spaces[record.slug], person=self.people[key], since=first
                    )
                    for key in record.members
                )
        self._archived_people()

    def _archived_people(self) -> None:
        """In the archive people act as who they were there; the last few of them nobody has claimed yet."""
        names = {p.key: p for p in self.demo.people}
        wrote: Counter[str] = Counter()
        for thread in self.demo.threads:
            if self.spaces[thread.space].source:
                wrote.update(post.author for post in thread.posts)
        quiet = [key for key, _ in wrote.most_common() if not names[key].cast and names[key].kind == "human"][
            -UNCLAIMED:
        ]
        for n, key in enumerate(sorted(wrote)):
            person = self.people[key]
            if key in quiet:
                person = Person.objects.create(
                    community=self.community, name=names[key].name, created_at=self.demo.began_at
                )
            self.archive[key] = Identity.objects.create(
                community=self.community,
                person=person,
                source=around.ARCHIVE_SOURCE,
                source_key=f"U0OLD{n:03}",
                name=names[key].name,
                handle=names[key].handle,
                claimed_at=None if key in quiet else self.demo.began_at,
            )
        self.quiet = quiet

    def _author(self, space: Space, key: str) -> Identity:
        return self.archive[key] if space.source else self.identities[key]

    def _threads(self) -> None:
        tags: dict[str, Tag] = {}
        threads, posts, links = [], [], []
        self.posts: dict[str, Post] = {}
        for record in self.demo.threads:
            space = self.spaces[record.space]
            thread = Thread(
                community=self.community,
                space=space,
                title=record.title[:200],
                author=self._author(space, record.author),
                goal=self.goals.get(record.goal or ""),
                value=self.values.get(record.value or ""),
                started_at=record.started_at,
                last_post_at=record.posts[-1].at,
                post_count=len(record.posts),
                pinned_at=record.started_at if record.pinned else None,
            )
            threads.append(thread)
            for name in record.tags:
                tag = tags.get(name) or tags.setdefault(
                    name, Tag(community=self.community, slug=name, name=name.replace("-", " "))
                )
                links.append((thread, tag))
            posts += self._posts(record, thread, space)
        Tag.objects.bulk_create(tags.values())
        Thread.objects.bulk_create(threads)
        Post.objects.bulk_create(posts)
        Thread.tags.through.objects.bulk_create(Thread.tags.through(thread=thread, tag=tag) for thread, tag in links)
        self._mentions(posts)
        for slug, space in self.spaces.items():
            own = [t for t in self.demo.threads if t.space == slug]
            Space.objects.filter(pk=space.pk).update(
                thread_count=len(own),
                post_count=sum(len(t.posts) for t in own),
                last_post_at=max((t.posts[-1].at for t in own), default=None),
            )

    def _posts(self, record: records.Thread, thread: Thread, space: Space) -> list[Post]:
        made = []
        for n, post in enumerate(record.posts):
            author = self._author(space, post.author)
            answered = self.posts.get(post.reply_to or "")
            row = Post(
                community=self.community,
                space=space,
                thread=thread,
                author=author,
                reply_to=answered,
                text=post.body,
                posted_at=post.at,
            )
            self.posts[post.key] = row
            made.append(row)
            verb, about = ("thread.started", thread.pk) if n == 0 else ("reply.posted", row.pk)
            self._note(
                verb,
                post.author,
                post.at,
                post.key if space.source else f"{verb}:{about}",
                identity=author,
                kind="thread",
                object_id=thread.pk,
                space_id=space.pk,
                other=None if n == 0 else (answered.author if answered else thread.author),
                source=space.source or LOCAL,
            )
        return made

    def _mentions(self, posts: list[Post]) -> None:
        handles = {person.handle: self.identities[key] for key, person in self.people.items()}
        rows = [
            Mention(community=self.community, post=post, identity=handles[handle])
            for post in posts
            for handle in {
                word.strip(".,!?:;()").removeprefix("@") for word in post.text.split() if word.startswith("@")
            }
            if handle in handles
        ]
        Mention.objects.bulk_create(rows)

    def _reactions(self) -> None:
        counts: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
        rows = []
        for record in self.demo.reactions:
            post = self.posts[record.post]
            identity = (
                self._author(post.space, record.person)
                if record.person in self.archive
                else self.identities[record.person]
            )
            rows.append(
                Reaction(community=self.community, post=post, identity=identity, emoji=record.emoji, given_at=record.at)
            )
            counts[post.pk][record.emoji] += 1
            self._note(
                "reaction.given",
                record.person,
                record.at,
                f"reaction.given:{rows[-1].pk}",
                identity=identity,
                kind="thread",
                object_id=post.thread_id,
                space_id=post.space_id,
                other=post.author,
                data={"emoji": record.emoji},
            )
        Reaction.objects.bulk_create(rows)
        liked = [post for post in self.posts.values() if post.pk in counts]
        for post in liked:
            post.reactions = dict(counts[post.pk])
        Post.objects.bulk_update(liked, ["reactions"], batch_size=500)

    # -- what people reached -----------------------------------------------------------------------------

    def _milestones(self) -> None:
        for record in self.demo.life_milestones:
            with clock.moved(record.claimed_at):
                Award.claim(
                    person=self.people[record.person],
                    milestone=self.milestones[record.milestone],
                    reached_on=record.reached_on,
                    evidence=record.evidence,
                    backfilled=record.claimed_at < self.demo.now - FRESH,
                )

    def _thanks(self) -> None:
        for record in self.demo.praise:
            giver, receiver = self.people[record.giver], self.people[record.receiver]
            value = self.values[record.value].name if record.value in self.values else ""
            praise = Praise.objects.create(
                community=self.community,
                giver=giver,
                receiver=receiver,
                words=record.text[:400],
                value=value,
                given_at=record.at,
            )
            self._note(
                "praise.given",
                record.giver,
                record.at,
                f"praise.given:{praise.pk}",
                kind="praise",
                object_id=praise.pk,
                other=self.identities[record.receiver],
                data={"words": praise.words, "value": value},
            )
