"""What people reached in their lives, whom they thanked, and how far the goals are."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from milepost.outward.starting.demo import reading
from milepost.outward.starting.demo.company import Company, chance
from milepost.outward.starting.demo.reading import ContentError
from milepost.outward.starting.demo.records import (
    CheckIn,
    Goal,
    LifeMilestone,
    MilestoneDefinition,
    Persona,
    Praise,
    Thread,
)
from milepost.outward.starting.demo.weeks import at, evening

ANSWERED_WINDOW = timedelta(days=90)
ANSWERED_WITHIN = timedelta(days=1)


def personas() -> tuple[Persona, ...]:
    return tuple(
        Persona(one["slug"], one["name"], one["story"], tuple(one["needs"]), one["success"], tuple(one["milestones"]))
        for one in reading.community()["personas"]
    )


def definitions() -> tuple[MilestoneDefinition, ...]:
    """In the order of the path."""
    return tuple(
        MilestoneDefinition(
            slug=one["slug"],
            name=one["name"],
            why=one["why"],
            value=one["value"],
            personas=tuple(persona.slug for persona in personas() if one["slug"] in persona.milestones),
        )
        for one in reading.community()["milestones"]
    )


def reached_on(company: Company, handle: str, slug: str) -> date:
    """The day on which that person reached it: mostly towards the end of a week."""
    for one in company.written[handle].milestones:
        if one.slug == slug:
            weekday = one.weekday
            if weekday is None:
                weekday = chance(company.seed, "milestone", handle, slug).choice((3, 4, 4, 5, 5, 6))
            return company.weeks.day(one.week, weekday)
    raise ContentError(f"people.md: @{handle} has no {slug}.")


def life_milestones(company: Company) -> tuple[LifeMilestone, ...]:
    """Those of every human, from long before the community until now."""
    today = company.weeks.now.astimezone(company.weeks.zone).date()
    found: list[LifeMilestone] = []
    for handle, written in company.written.items():
        for one in written.milestones:
            day = reached_on(company, handle, one.slug)
            claimed = _claimed(company, handle, one.slug, day)
            if day <= today and claimed <= company.weeks.now:
                person = company[handle]
                key = f"life-milestone:{handle}:{one.slug}"
                found.append(LifeMilestone(key, person.key, one.slug, day, claimed, one.evidence, person.celebration))
    return tuple(sorted(found, key=lambda one: (one.claimed_at, one.key)))


def _claimed(company: Company, handle: str, slug: str, day: date) -> datetime:
    """The day after, or in the first weeks here for what was reached before."""
    rng = chance(company.seed, "claim", handle, slug)
    zone = company.zones[handle]
    person = company[handle]
    moment = evening(rng, day + timedelta(days=rng.choice((1, 1, 2))), zone)
    if moment > person.joined_at:
        return moment
    return evening(rng, person.joined_at.astimezone(zone).date() + timedelta(days=rng.randrange(1, 15)), zone)


def praise(company: Company) -> tuple[Praise, ...]:
    found: list[Praise] = []
    for one in reading.praise():
        giver, receiver = company[one.giver], company[one.receiver]
        rng = chance(company.seed, "praise", one.giver, one.receiver, one.week)
        moment = evening(rng, company.weeks.day(one.week, rng.randrange(3, 7)), company.zones[one.giver])
        if not giver.here(moment) or not receiver.here(moment):
            raise ContentError(f"praise.md: @{one.giver} and @{one.receiver} are not both here in week {one.week}.")
        if moment <= company.weeks.now:
            key = f"praise:{one.giver}:{one.receiver}:{one.week}"
            found.append(Praise(key, giver.key, receiver.key, one.value, one.text, moment))
    return tuple(sorted(found, key=lambda one: (one.at, one.key)))


def goals(
    company: Company,
    threads: Iterable[Thread],
    reached: Iterable[LifeMilestone],
    thanks: Iterable[Praise],
) -> tuple[Goal, ...]:
    """With the number that each has come to."""
    began = company.weeks.monday
    counts = {"praise": len(tuple(thanks)), "answered-within-a-day": _answered(company, threads)}
    for one in reached:
        if one.reached_on >= began:
            counts[f"milestone:{one.milestone}"] = counts.get(f"milestone:{one.milestone}", 0) + 1
    today = company.weeks.now.astimezone(company.weeks.zone).date()
    found: list[Goal] = []
    for goal in reading.community()["goals"]:
        check_ins = tuple(_check_in(company, goal["slug"], one) for one in goal.get("check_ins", ()))
        if check_ins:
            counts["check-ins"] = check_ins[-1].number
        found.append(
            Goal(
                key=f"goal:{goal['slug']}",
                slug=goal["slug"],
                title=goal["title"],
                why=goal["why"],
                value=goal["value"],
                target=goal["target"],
                unit=goal["unit"],
                deadline=today + timedelta(weeks=goal["deadline_weeks"]),
                measure=goal["measure"],
                current=counts.get(goal["measure"], 0),
                check_ins=check_ins,
            )
        )
    return tuple(found)


def _check_in(company: Company, goal: str, one: dict[str, int | str]) -> CheckIn:
    week = int(one["week"])
    person = company[str(one["by"])]
    day = company.weeks.day(week, 5)
    if not person.here(at(day, time(20), company.weeks.zone)):
        raise ContentError(f"community.toml: @{person.handle} reports for {goal} without being here.")
    return CheckIn(f"check-in:{goal}:{week}", f"goal:{goal}", person.key, day, int(one["number"]), str(one["note"]))


def _answered(company: Company, threads: Iterable[Thread]) -> int:
    """Percentage of the last ninety days' questions, at least a day old, that somebody else answered within a day."""
    now = company.weeks.now
    asked = [
        thread
        for thread in threads
        if thread.is_question and now - ANSWERED_WINDOW <= thread.started_at <= now - ANSWERED_WITHIN
    ]
    answered = [
        thread
        for thread in asked
        if any(post.author != thread.author and post.at - thread.started_at <= ANSWERED_WITHIN for post in thread.posts)
    ]
    return round(100 * len(answered) / len(asked)) if asked else 100
