"""A large community, written straight into the tables: members, conversations, milestones, thanks, and the roll-ups of them."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from itertools import accumulate
from typing import Any

DAYS = 540
POSTS_IN_THREAD = 20
SPACES = 40
AT_ONCE = 50_000
"""Posts whose rows are held in memory."""
SHARES = (0.4, 0.2, 0.1, 0.05, 0.02)
"""Of the members, who reached each of the milestones."""
SLUG = "bench"
FIRST = "Amara Bao Chidi Dalia Emeka Farah Goran Hana Ife Jonas Kaja Lan Mateus Noor Olu Priya Rosa Soraya Tomás Yuki".split()
LAST = "Abebe Bianchi Castro Dang Eriksen Farouk Gomez Haddad Ito Jansen Kaya Lopes Mwangi Novak Okafor Patel Rossi".split()
SENTENCES = (
    "The **second** bed is ready, and the soil is warm enough for beans.",
    "Who can bring a ladder on *Saturday*?",
    "I asked the council again; they answer until the end of the month.",
    "Thank you all, that went better than I hoped.",
    "Here is the list:\n\n- seeds\n- string\n- two buckets",
    "> We meet at ten.\n\nCould it be eleven?",
    "See [the plan](https://example.org/plan) for where each tree goes.",
    "My neighbour has a spare `90 cm` frame, if somebody fetches it.",
)


def build(members: int, posts: int) -> dict[str, Any]:
    """Fill an empty site; returns the addresses to measure and the cookie of the member who reads."""
    from ..site import open_database
    from ..terminal import Terminal

    open_database(Terminal())
    from milepost.foundation.activity import following
    from milepost.foundation.common.bulk import learn_statistics

    from ..serving.static import collect

    made = _Community(members, posts)
    made.purpose()
    made.people()
    made.talk()
    made.way()
    made.thanks()
    following.catch_up(["rollup"])
    learn_statistics("activity_activity", "activity_memberday", "activity_memberobjectday", "identity_person",
                     "identity_membership", "identity_identity", "identity_account", "spaces_thread", "spaces_post",
                     "milestones_award", "people_praise")  # fmt: skip
    collect()
    return made.tour()


class _Community:
    def __init__(self, members: int, posts: int) -> None:
        from milepost.foundation.common import clock
        from milepost.foundation.identity.models import Community

        self.members, self.posts = members, posts
        self.rng = random.Random(11)  # noqa: S311 (test data)
        self.now = clock.now().replace(microsecond=0)
        self.began = self.now - timedelta(days=DAYS)
        self.community = Community.objects.create(
            slug=SLUG, name="Common Ground", tagline="A garden in reach of everyone"
        )
        self.id = self.community.pk.hex
        self.persons: list[str] = []
        self.identities: list[str] = []
        self.weights: list[float] = []
        self.stones: list[Any] = []
        self.shown: dict[str, str] = {}

    def purpose(self) -> None:
        from milepost.domain.charter.models import CharterVersion, Value
        from milepost.domain.goals.models import Goal
        from milepost.domain.paths.models import Milestone

        there = {"community": self.community}
        mission = "Everyone in our town can walk to a garden that they tend with others."
        CharterVersion.objects.create(
            number=1, mission=mission, vision="Green streets.", ratified_at=self.began, **there
        )
        for n, name in enumerate(("Patience", "Open hands", "Plain words"), 1):
            Value.objects.create(slug=f"value-{n}", name=name, meaning="We mean it.", position=n, **there)
        for n in range(1, len(SHARES) + 1):
            stone = Milestone.objects.create(
                slug=f"stone-{n}", name=f"Milestone {n}", why="It shows.", position=n, **there
            )
            self.stones.append(stone)
        for n, stone in enumerate(self.stones[:3], 1):
            deadline = (self.now + timedelta(days=200)).date()
            Goal.objects.create(
                slug=f"goal-{n}", title=f"Goal {n}", why="For the town.", milestone=stone, target=self.members, unit="gardens",
                deadline=deadline, adopted_at=self.began, **there,
            )  # fmt: skip

    def people(self) -> None:
        from milepost.foundation.common.bulk import insert_prepared, moment
        from milepost.foundation.common.ids import new_hexes

        began, rng = moment(self.began), self.rng
        for start in range(0, self.members, AT_ONCE):
            count = min(AT_ONCE, self.members - start)
            ids = new_hexes(4 * count)
            accounts, persons, identities, memberships, profiles, joined = [], [], [], [], [], []
            for k in range(count):
                n = start + k
                account, person, identity, membership = ids[4 * k : 4 * k + 4]
                name = f"{FIRST[n % len(FIRST)]} {LAST[n // len(FIRST) % len(LAST)]}"
                came = moment(self.began + timedelta(seconds=rng.randrange(DAYS * 86_400)))
                accounts.append((account, "!", f"member{n}@example.org", name, "", "", True, False, False, began))
                persons.append((person, self.id, account, "human", name, f"member{n}", came, came))
                identities.append((identity, self.id, person, "milepost", account, name, "", "", False, "{}", came))
                memberships.append((membership, self.id, person, "member", "member", came, "search"))
                if n % 5 < 2:
                    profiles.append(
                        (person, self.id, "Grows beans on a balcony", "", "Porto", "", "", "", "community", came)
                    )
                joined.append(
                    self._activity(identity, "member.joined", "", "0" * 32, "0" * 32, None, came, came, person)
                )
            insert_prepared("identity_account", _ACCOUNT, accounts)
            insert_prepared("identity_person", _PERSON, persons)
            insert_prepared("identity_identity", _IDENTITY, identities)
            insert_prepared("identity_membership", _MEMBERSHIP, memberships)
            insert_prepared("people_profile", *_whole("people.Profile", _PROFILE, profiles))
            insert_prepared("activity_activity", _ACTIVITY, joined)
            self.persons += ids[1::4]
            self.identities += ids[2::4]
        # Few write much, and most a little.
        self.weights = list(accumulate(1 / (rank + 20) for rank in range(self.members)))

    def _activity(
        self,
        who: str,
        verb: str,
        kind: str,
        thing: str,
        space: str,
        other: str | None,
        at: str,
        recorded: str,
        key: str,
    ) -> tuple[object, ...]:
        return (
            0,
            self.id,
            who,
            verb,
            kind,
            thing,
            space,
            other,
            at,
            recorded,
            "milepost",
            f"{verb}:{key}",
            "{}",
            False,
        )

    def talk(self) -> None:
        from milepost.domain.spaces.models import Space

        spaces = [
            Space(
                community=self.community,
                slug=f"space-{n}",
                name=f"Space {n}",
                purpose="To talk.",
                created_at=self.began,
            )
            for n in range(1, SPACES + 1)
        ]
        threads = max(1, self.posts // POSTS_IN_THREAD)
        for at, space in enumerate(spaces):
            space.thread_count = len(range(at, threads, SPACES))
            space.post_count, space.last_post_at = space.thread_count * POSTS_IN_THREAD, self.now
        Space.objects.bulk_create(spaces)
        at_once = AT_ONCE // POSTS_IN_THREAD
        for start in range(0, threads, at_once):
            self._threads(range(start, min(threads, start + at_once)), threads, spaces)

    def _threads(self, numbers: range, threads: int, spaces: list[Any]) -> None:
        from milepost.foundation.common.bulk import insert_prepared, moment
        from milepost.foundation.common.ids import new_hexes

        rng, count = self.rng, len(numbers) * POSTS_IN_THREAD
        ids, writers = iter(new_hexes(count + len(numbers))), iter(self._writers(count))
        rows: dict[str, list[Any]] = {name: [] for name in ("thread", "post", "activity", "reaction")}
        for number in numbers:
            space, thread = spaces[number % SPACES], next(ids)
            began = self.began + timedelta(days=DAYS - 3) * (number / threads)
            author, last = "", ""
            for k in range(POSTS_IN_THREAD):
                post, who = next(ids), self.identities[next(writers)]
                at = moment(began + timedelta(hours=3 * k, seconds=rng.randrange(9_000)))
                author, last = author or who, at
                text = "\n\n".join(rng.choices(SENTENCES, k=rng.randint(1, 3)))
                counts = self._reactions(post, at, rows["reaction"]) if rng.random() < 0.15 else {}
                rows["post"].append((post, self.id, space.pk.hex, thread, who, text, json.dumps(counts), at))
                verb, other, key = ("reply.posted", author, post) if k else ("thread.started", None, thread)
                rows["activity"].append(self._activity(who, verb, "thread", thread, space.pk.hex, other, at, at, key))
            title = rng.choice(SENTENCES).splitlines()[0][:60]
            first = rows["post"][-POSTS_IN_THREAD][7]
            rows["thread"].append((thread, self.id, space.pk.hex, title, author, first, last, last, POSTS_IN_THREAD))
            if number == threads // 2:
                self.shown["thread"] = f"/c/{SLUG}/spaces/{space.slug}/{_dashed(thread)}/"
        insert_prepared("spaces_thread", _THREAD, rows["thread"])
        insert_prepared("spaces_post", _POST, rows["post"])
        insert_prepared("spaces_reaction", _REACTION, rows["reaction"])
        insert_prepared("activity_activity", _ACTIVITY, rows["activity"])

    def _writers(self, count: int) -> list[int]:
        return self.rng.choices(range(self.members), cum_weights=self.weights, k=count)

    def _reactions(self, post: str, at: str, rows: list[Any]) -> dict[str, int]:
        from milepost.foundation.common.ids import new_hexes

        givers = list(dict.fromkeys(self._writers(3)))
        for key, giver in zip(new_hexes(len(givers)), givers, strict=True):
            rows.append((key, self.id, post, self.identities[giver], "👍", at))
        return {"👍": len(givers)}

    def way(self) -> None:
        from milepost.foundation.common.bulk import insert_prepared, moment
        from milepost.foundation.common.ids import new_hexes

        rng = self.rng
        for stone, share in zip(self.stones, SHARES, strict=True):
            who = rng.sample(range(self.members), int(self.members * share))
            awards, activities = [], []
            for key, n in zip(new_hexes(len(who)), who, strict=True):
                day = self.began + timedelta(days=rng.randrange(DAYS))
                at = moment(day)
                awards.append((key, self.id, self.persons[n], stone.pk.hex, str(day.date()), "It is done.", at, False))
                told = f"{stone.pk}:{self.persons[n]}"
                activities.append(
                    self._activity(
                        self.identities[n], "milestone.reached", "milestone", stone.pk.hex, "0" * 32, None, at, at, told
                    )
                )
            insert_prepared("milestones_award", *_whole("milestones.Award", _AWARD, awards))
            insert_prepared("activity_activity", _ACTIVITY, activities)

    def thanks(self) -> None:
        from milepost.foundation.common.bulk import insert_prepared, moment
        from milepost.foundation.common.ids import new_hexes

        rows = []
        for key in new_hexes(max(20, self.members // 20)):
            giver, receiver = self.rng.sample(self.persons, 2)
            at = moment(self.began + timedelta(seconds=self.rng.randrange(DAYS * 86_400)))
            rows.append((key, self.id, giver, receiver, "For the ladder, and for the morning.", "Open hands", at))
        insert_prepared("people_praise", _PRAISE, rows)

    def tour(self) -> dict[str, Any]:
        """The pages, the signed-in member's cookie, and what there is."""
        from milepost.foundation.identity.models import Account

        reader = Account.objects.get(email=f"member{self.members // 50}@example.org")
        base = f"/c/{SLUG}/"
        # The profile is of whoever wrote most.
        pages = {
            "home": base,
            "thread": self.shown["thread"],
            "people": f"{base}people/",
            "profile": f"{base}people/member0/",
        }
        return {"members": self.members, "posts": self.posts, "pages": pages, "session": signed_in(reader)}


def signed_in(account: Any) -> str:
    """A session of the account; its key is what the cookie holds."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _whole(
    model: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """`columns` and `rows` with what else the table wants, as the model has it by default."""
    from django.apps import apps
    from django.db import connection

    fields = [one for one in apps.get_model(model)._meta.concrete_fields if not one.null and one.column not in columns]
    rest = tuple(one.get_db_prep_save(one.get_default(), connection) for one in fields)
    return (*columns, *(one.column for one in fields)), [(*row, *rest) for row in rows]


_ACCOUNT = (
    "id", "password", "email", "name", "language", "time_zone", "is_active", "is_operator", "is_superuser", "date_joined",
)  # fmt: skip
_PERSON = ("id", "community_id", "account_id", "kind", "name", "handle", "claimed_at", "created_at")
_IDENTITY = (
    "id", "community_id", "person_id", "source", "source_key", "name", "handle", "mail", "is_bot", "attributes", "created_at",
)  # fmt: skip
_MEMBERSHIP = ("id", "community_id", "person_id", "role", "audience", "joined_at", "came_from")
_PROFILE = (
    "person_id", "community_id", "headline", "about", "place", "pronouns", "link", "photo", "celebration", "changed_at",
)  # fmt: skip
_THREAD = (
    "id", "community_id", "space_id", "title", "author_id", "started_at", "last_post_at", "fresh_at", "post_count",
)  # fmt: skip
_POST = ("id", "community_id", "space_id", "thread_id", "author_id", "text", "reactions", "posted_at")
_REACTION = ("id", "community_id", "post_id", "identity_id", "emoji", "given_at")
_ACTIVITY = (
    "epoch", "community_id", "identity_id", "verb", "object_kind", "object_id", "space_id", "other_id", "happened_at",
    "recorded_at", "source", "source_key", "data", "backfilled",
)  # fmt: skip
_AWARD = ("id", "community_id", "person_id", "milestone_id", "reached_on", "evidence", "claimed_at", "backfilled")
_PRAISE = ("id", "community_id", "giver_id", "receiver_id", "words", "value", "given_at")
