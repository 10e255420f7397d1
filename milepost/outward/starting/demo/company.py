"""Who is in the demo community, when they came and how, and who would speak up next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from milepost.outward.starting.demo import reading
from milepost.outward.starting.demo.reading import ContentError, WrittenPerson
from milepost.outward.starting.demo.records import Chapter, Invitation, Join, JoinRequest, Person
from milepost.outward.starting.demo.weeks import WEEKDAYS, Weeks, at, evening

CELEBRATIONS = ("community", "public", "first_name", "private", "none")
CELEBRATION_WEIGHTS = (45, 20, 20, 10, 5)
# How much the twenty most active write compared with the others: close to what real communities show.
ZIPF_EXPONENT = 0.8
ZIPF_OFFSET = 4


def chance(seed: int, *about: object) -> Random:
    """A random source of its own for each thing, so that a new line in one file changes nothing elsewhere."""
    return Random(":".join(map(str, (seed, *about))))  # noqa: S311 -- it chooses demo text, it guards nothing


def person_key(handle: str) -> str:
    return f"person:{handle}"


@dataclass(frozen=True, slots=True)
class Company:
    """Everyone by handle, with what the pattern files may ask about them."""

    seed: int
    weeks: Weeks
    people: dict[str, Person]
    written: dict[str, WrittenPerson]
    weights: dict[str, float]
    zones: dict[str, ZoneInfo]

    def __getitem__(self, handle: str) -> Person:
        try:
            return self.people[handle]
        except KeyError:
            raise ContentError(f"Nobody in people.md is called @{handle}.") from None

    def works_nights(self, handle: str) -> bool:
        return "nights" in self.written[handle].notes

    def facets(self, handle: str, week: int) -> frozenset[str]:
        """What a line's [words] are compared with."""
        person = self.people[handle]
        found = {handle} | self.needs(handle, week)
        # Lines for an instrument or a chapter are in the chapter's language.
        if "language" not in self.written[handle].notes:
            found |= {*person.plays, person.chapter, person.town.casefold()}
        return frozenset(found)

    def needs(self, handle: str, week: int) -> frozenset[str]:
        found = {"stage": self.has_played_by(handle, week), "adult": not self.people[handle].young}
        return frozenset(word for word, true in found.items() if true)

    def sparing(self, handle: str) -> bool:
        """Whom no line suits but those for just them: sixteen-year-olds have no boss, some have a voice of their own."""
        return self.people[handle].young or "sparing" in self.written[handle].notes

    def in_their_hand(self, handle: str, text: str) -> str:
        """Some never write a capital letter."""
        return text.lower() if "writes" in self.written[handle].notes else text

    def first_gig_week(self, handle: str) -> int | None:
        return next((m.week for m in self.written[handle].milestones if m.slug == "first-live-gig"), None)

    def has_played_by(self, handle: str, week: int) -> bool:
        """Professionals whose first gig nobody wrote down had it long ago."""
        first = self.first_gig_week(handle)
        return first < week if first is not None else self.people[handle].persona == "professionals"

    def choose(
        self,
        rng: Random,
        moment: datetime,
        *,
        number: int = 1,
        without: Iterable[str] = (),
        where: Callable[[Person], bool] = lambda person: True,
    ) -> list[Person]:
        """Up to `number` different humans who are here at that moment, the active ones more often."""
        left = set(without)
        able = [
            person
            for handle, person in self.people.items()
            if handle not in left and person.kind == "human" and person.here(moment) and where(person)
        ]
        # Exponential keys: a weighted draw without replacement in one pass.
        able.sort(key=lambda person: rng.expovariate(1) / self.weights[person.handle])
        return able[:number]


def gather(seed: int, weeks: Weeks) -> Company:
    written = {person.handle: person for person in reading.people()}
    towns: dict[str, str] = reading.community()["towns"]
    people = {handle: _person(seed, weeks, one, towns) for handle, one in written.items()}
    return Company(
        seed=seed,
        weeks=weeks,
        people=people,
        written=written,
        weights=_weights(seed, people),
        zones={handle: ZoneInfo(person.time_zone) for handle, person in people.items()},
    )


def _weights(seed: int, people: dict[str, Person]) -> dict[str, float]:
    """Zipf-like: the cast first, the rest in an order that the seed draws."""
    rest = [handle for handle, person in people.items() if not person.cast]
    chance(seed, "activity").shuffle(rest)
    order = [handle for handle, person in people.items() if person.cast] + rest
    return {handle: 1 / (rank + ZIPF_OFFSET) ** ZIPF_EXPONENT for rank, handle in enumerate(order)}


def _person(seed: int, weeks: Weeks, one: WrittenPerson, towns: dict[str, str]) -> Person:
    rng = chance(seed, "person", one.handle)
    zone = towns[one.town]
    human = one.notes.get("kind", "human") == "human"
    audiences = one.notes.get("audiences")
    return Person(
        key=person_key(one.handle),
        handle=one.handle,
        name=one.name,
        calls=one.calls,
        mail=f"{one.handle}@example.org",
        kind="human" if human else "organisation",
        town=one.town,
        chapter=_chapter_of(one.town),
        time_zone=zone,
        plays=one.plays,
        persona=one.persona,
        role=one.notes.get("role", "member"),
        audiences=tuple(word.strip() for word in audiences.split(",")) if audiences else _audiences(rng, one),
        bio=one.bio,
        cast=one.notes.get("cast"),
        young="young" in one.notes,
        celebration=one.notes.get("celebrate") or rng.choices(CELEBRATIONS, CELEBRATION_WEIGHTS)[0],
        joined_at=_joined(rng, weeks, one, ZoneInfo(zone)),
        paused_at=_end_of_week(weeks, one.notes.get("paused")),
        left_at=_end_of_week(weeks, one.notes.get("left")),
    )


def _audiences(rng: Random, one: WrittenPerson) -> tuple[str, ...]:
    if one.persona is None:
        return ("subscriber",)
    return ("member", "volunteer") if rng.random() < 0.12 else ("member",)


def _joined(rng: Random, weeks: Weeks, one: WrittenPerson, zone: ZoneInfo) -> datetime:
    if one.came == "founder":
        return at(weeks.day(one.week), time(19, 0), weeks.zone)
    # Monday or Tuesday, so that a thread later in that week may already be theirs.
    return evening(rng, weeks.day(one.week, rng.randrange(2)), zone)


def _end_of_week(weeks: Weeks, week: str | None) -> datetime | None:
    return at(weeks.day(int(week), WEEKDAYS["Sun"]), time(21, 30), weeks.zone) if week else None


def _chapter_of(town: str) -> str:
    for chapter in reading.community()["chapters"]:
        if town in chapter["towns"]:
            return str(chapter["slug"])
    return "online"


def chapters(company: Company) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(
            key=f"chapter:{one['slug']}",
            slug=one["slug"],
            name=one["name"],
            tagline=one["tagline"],
            town=one["town"],
            stewards=tuple(company[handle].key for handle in one["stewards"]),
            members=tuple(
                person.key
                for person in company.people.values()
                if person.chapter == one["slug"] or person.handle in one["stewards"]
            ),
            sub_community=one["sub_community"],
            founded_at=at(company.weeks.day(one.get("founded_week", 1)), time(20, 0), company.weeks.zone),
        )
        for one in reading.community()["chapters"]
    )


def joins(company: Company) -> tuple[Join, ...]:
    """How each came."""
    found = [_join(company, person) for person in company.people.values()]
    return tuple(sorted(found, key=lambda join: (join.at, join.key)))


def _join(company: Company, person: Person) -> Join:
    came = company.written[person.handle].came
    inviter: str | None = None
    if came.startswith("invited by "):
        by = company[came.removeprefix("invited by ")]
        if by.joined_at >= person.joined_at:
            raise ContentError(f"people.md: @{by.handle} invites @{person.handle} before being here.")
        inviter, source, detail = by.key, "invitation", by.calls
    else:
        source, _, detail = (part.strip() for part in came.partition(":"))
    return Join(f"join:{person.handle}", person.key, person.joined_at, source, detail, inviter)


def invitations(company: Company, joined: Iterable[Join]) -> tuple[Invitation, ...]:
    """One for each who came by invitation, and a few that nobody has answered yet."""
    by_key = {person.key: person for person in company.people.values()}
    found: list[Invitation] = []
    for join in joined:
        if join.invited_by is not None:
            person, inviter = by_key[join.person], by_key[join.invited_by]
            rng = chance(company.seed, "invitation", person.handle)
            sent = max(join.at - timedelta(hours=rng.randrange(2, 200)), inviter.joined_at + timedelta(minutes=30))
            how = "link" if rng.random() < 0.3 else "mail"
            mail = person.mail if how == "mail" else ""
            found.append(Invitation(f"invitation:{person.handle}", inviter.key, how, mail, sent, person.key, join.at))
    for number, one in enumerate(reading.community()["pending_invitations"], start=1):
        rng = chance(company.seed, "pending", number)
        sent = evening(rng, company.weeks.day(one["week"], rng.randrange(7)), company.weeks.zone)
        key = f"invitation:pending-{number}"
        found.append(Invitation(key, company[one["by"]].key, one["how"], one["to"], sent, None, None))
    return tuple(sorted(found, key=lambda invitation: (invitation.sent_at, invitation.key)))


def join_requests(company: Company) -> tuple[JoinRequest, ...]:
    return tuple(sorted((_request(company, one) for one in _requests()), key=lambda one: (one.at, one.key)))


def _requests() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reading.community()["join_requests"]
    return found


def _request(company: Company, one: dict[str, Any]) -> JoinRequest:
    slug = one["mail"].partition("@")[0]
    moment = evening(
        chance(company.seed, "request", slug),
        company.weeks.day(one["week"], WEEKDAYS[one["day"]]),
        company.weeks.zone,
    )
    return JoinRequest(f"request:{slug}", one["name"], one["mail"], moment, one["source"], tuple(one["answers"]))
