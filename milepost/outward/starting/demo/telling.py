"""Hellos and good news: one hand-written exchange each, among welcomes and applause from a stock of lines."""

from datetime import date, datetime, timedelta
from random import Random

from milepost.outward.starting.demo import reading
from milepost.outward.starting.demo.company import Company, chance
from milepost.outward.starting.demo.drafting import Draft, Pool
from milepost.outward.starting.demo.progress import reached_on
from milepost.outward.starting.demo.reading import ContentError, Exchange
from milepost.outward.starting.demo.records import Person, Post, Thread
from milepost.outward.starting.demo.weeks import evening, quiet

# Who says hello more often than others.
GREETERS = ("haruka", "dot", "aylin", "tiago", "femi")


def introductions(company: Company) -> list[Thread]:
    pool = Pool(reading.lines("welcomes"), uses=2)
    made = [_introduction(company, one, pool) for one in reading.exchanges("introductions")]
    return [thread for thread in made if thread]


def stories(company: Company) -> list[Thread]:
    pool = Pool(reading.lines("applause"), uses=2)
    made = [_story(company, one, pool) for one in reading.exchanges("stories")]
    return [thread for thread in made if thread]


def _introduction(company: Company, one: Exchange, pool: Pool) -> Thread | None:
    rng = chance(company.seed, "introduction", one.handle)
    person = company[one.handle]
    zone = company.zones[one.handle]
    day = (person.joined_at.astimezone(zone) + timedelta(days=rng.randrange(1, 4))).date()
    if quiet(day) and rng.random() < 0.7:
        day = _after_holidays(day) + timedelta(days=rng.randrange(7))
    start = max(evening(rng, day, zone), person.joined_at + timedelta(minutes=20))
    draft = Draft(company, f"hello-{one.handle}")
    draft.say(person, start, one.opening)
    _exchange(draft, rng, one, start)
    spoken_to = frozenset({*person.plays, person.chapter})
    _chorus(draft, rng, person, start, pool, spoken_to, number=rng.choice((3, 4, 4, 5)), first=GREETERS)
    space = "porto" if person.chapter == "porto" else "foyer"
    return draft.finish(space=space, title=one.title, source="introductions", tags=("welcome", "introductions"))


def _after_holidays(day: date) -> date:
    while quiet(day):
        day += timedelta(days=1)
    return day


def _story(company: Company, one: Exchange, pool: Pool) -> Thread | None:
    milestone, space = one.about
    rng = chance(company.seed, "story", one.handle, milestone)
    person = company[one.handle]
    zone = company.zones[one.handle]
    day = reached_on(company, one.handle, milestone) + timedelta(days=1)
    start = evening(rng, day, zone)
    draft = Draft(company, f"story-{one.handle}-{milestone}")
    draft.say(person, start, one.opening)
    _exchange(draft, rng, one, start)
    # In the old chat people were fewer and shorter.
    number = rng.choice((2, 3)) if space == "old-chat" else rng.choice((4, 5, 5, 6))
    _chorus(draft, rng, person, start, pool, frozenset({milestone, space}), number=number, first=())
    tags = ("wins", milestone)
    return draft.finish(space=space, title=one.title, source="stories", tags=tags, value="lift-while-you-climb")


def _exchange(draft: Draft, rng: Random, one: Exchange, start: datetime) -> None:
    """The written questions and answers, in turn."""
    company = draft.company
    person = company[one.handle]
    moment, asked = start, None
    for asker, text in one.turns:
        speaker = company[asker] if asker else person
        moment = draft.answer_time(rng, speaker, moment, median_minutes=110 if asker else 60)
        if not speaker.here(moment):
            raise ContentError(f"{one.title}: @{speaker.handle} is not here in week {company.weeks.week_of(moment)}.")
        asked = draft.say(speaker, moment, text, to=None if asker else asked)


def _chorus(
    draft: Draft,
    rng: Random,
    person: Person,
    start: datetime,
    pool: Pool,
    spoken_to: frozenset[str],
    *,
    number: int,
    first: tuple[str, ...],
) -> list[Post]:
    """Several people with a line each, in the hours and days after."""
    company = draft.company
    week = company.weeks.week_of(start)
    without = draft.authors()
    greeters = [company[handle] for handle in first if handle not in without and company[handle].here(start)]
    local = "porto" in spoken_to
    crowd = company.choose(
        rng, start, number=number + 6, without=without, where=lambda one: not local or one.chapter == "porto"
    )
    if greeters and not local and rng.random() < 0.6:
        crowd.insert(0, rng.choice(greeters))
    said: list[Post] = []
    used: list[str] = []
    for one in dict.fromkeys(crowd):
        moment = draft.answer_time(rng, one, start, median_minutes=300)
        if len(said) == number or not one.here(moment):
            continue
        # In Porto's space: only lines that were written for it, in its languages.
        facets = company.facets(one.handle, week)
        line = pool.draw(
            rng,
            week=week,
            speaker=facets,
            spoken_to=spoken_to,
            only_tagged=local or company.sparing(one.handle),
            without=used,
        )
        if line:
            used.append(line)
            text = line.replace("[[name]]", person.calls).replace("[[handle]]", person.handle)
            said.append(draft.say(one, moment, company.in_their_hand(one.handle, text)))
    return said
