"""Puts the demo community together: `generate(seed, now)`."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from milepost.outward.starting.demo import company as gathering
from milepost.outward.starting.demo import progress, reading, recurring, telling, written
from milepost.outward.starting.demo.company import Company
from milepost.outward.starting.demo.liking import reactions
from milepost.outward.starting.demo.reading import ContentError
from milepost.outward.starting.demo.records import Charter, DemoCommunity, Gathering, Space, Thread, Value
from milepost.outward.starting.demo.weeks import LAST_WEEK, WEEKDAYS, Weeks, at

FIRST_WEEK_OF_SPACES = 15


def generate(seed: int, now: datetime) -> DemoCommunity:
    """The same community for the same seed and `now` (aware); nothing in it lies after `now` but gatherings and deadlines.

    ContentError where the content files contradict each other.
    """
    content = reading.community()
    weeks = Weeks.until(now, content["time_zone"])
    company = gathering.gather(seed, weeks)
    spaces = _spaces(company)
    threads = _threads(company, spaces)
    reached = progress.life_milestones(company)
    thanks = progress.praise(company)
    joined = gathering.joins(company)
    return DemoCommunity(
        name=content["name"],
        slug=content["slug"],
        tagline=content["tagline"],
        accent_hue=content["accent_hue"],
        time_zone=content["time_zone"],
        began_at=min(join.at for join in joined),
        now=weeks.now,
        charter=_charter(),
        join_policy=content["join_policy"],
        join_questions=tuple(content["join_questions"]),
        personas=progress.personas(),
        milestones=progress.definitions(),
        goals=progress.goals(company, threads, reached, thanks),
        chapters=gathering.chapters(company),
        spaces=spaces,
        people=tuple(sorted(company.people.values(), key=lambda person: (person.joined_at, person.key))),
        joins=joined,
        invitations=gathering.invitations(company, joined),
        join_requests=gathering.join_requests(company),
        threads=tuple(threads),
        reactions=reactions(company, threads, spaces),
        life_milestones=reached,
        praise=thanks,
        gatherings=_gatherings(company),
    )


def _charter() -> Charter:
    written_down = reading.community()["charter"]
    return Charter(
        mission=written_down["mission"],
        why=written_down["why"].strip(),
        vision=written_down["vision"].strip(),
        values=tuple(Value(**value) for value in reading.community()["values"]),
        agreements=written_down["agreements"].strip(),
    )


def _spaces(company: Company) -> tuple[Space, ...]:
    return tuple(
        Space(
            key=f"space:{one['slug']}",
            slug=one["slug"],
            name=one["name"],
            purpose=one["purpose"],
            access=one["access"],
            value=one["value"],
            goal=one.get("goal"),
            chapter=one.get("chapter"),
            members=tuple(company[handle].key for handle in one.get("members", ())),
            imported_from=one.get("imported_from", ""),
        )
        for one in reading.community()["spaces"]
    )


def _threads(company: Company, spaces: Iterable[Space]) -> list[Thread]:
    made = [
        *written.threads(company),
        *telling.introductions(company),
        *telling.stories(company),
        *recurring.small_wins(company),
        *recurring.open_evenings(company),
    ]
    made.sort(key=lambda thread: (thread.started_at, thread.key))
    _check(company, made, {space.slug: space for space in spaces})
    return made


def _check(company: Company, threads: list[Thread], spaces: dict[str, Space]) -> None:
    """What a writer may get wrong in a thread's notes."""
    content = reading.community()
    values = {value["slug"] for value in content["values"]} | {None}
    goals = {goal["slug"] for goal in content["goals"]} | {None}
    archive_ends = at(company.weeks.day(FIRST_WEEK_OF_SPACES), time(0), company.weeks.zone)
    for thread in threads:
        space = spaces.get(thread.space)
        if space is None or thread.value not in values or thread.goal not in goals:
            raise ContentError(f"{thread.title}: unknown space, value or goal.")
        if space.access == "archive" and thread.posts[-1].at >= archive_ends:
            raise ContentError(f"{thread.title}: the old chat was closed by then.")
        if space.access != "archive" and thread.started_at < archive_ends:
            raise ContentError(f"{thread.title}: there were no spaces yet.")
        if space.members and any(post.author not in space.members for post in thread.posts):
            raise ContentError(f"{thread.title}: somebody writes who isn't in {space.name}.")


def _gatherings(company: Company) -> tuple[Gathering, ...]:
    found = [_gathering(company, one) for one in reading.community()["gatherings"]]
    return tuple(sorted(found, key=lambda one: (one.starts_at, one.key)))


def _gathering(company: Company, one: dict[str, str | int]) -> Gathering:
    zone_name = reading.community()["towns"].get(one["town"], reading.community()["time_zone"])
    day = company.weeks.day(LAST_WEEK + int(one["weeks_ahead"]), WEEKDAYS[str(one["weekday"])])
    starts = at(day, time.fromisoformat(str(one["time"])), ZoneInfo(zone_name))
    return Gathering(
        key=f"gathering:{one['slug']}",
        slug=str(one["slug"]),
        title=str(one["title"]),
        about=str(one["about"]),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=int(one["minutes"])),
        time_zone=zone_name,
        town=str(one["town"]),
        place=str(one["place"]),
        seats=int(one["seats"]),
        host=company[str(one["host"])].key,
    )
