"""The threads that were written by hand, put onto the calendar."""

import re
from datetime import datetime, timedelta
from random import Random

from milepost.outward.starting.demo import reading
from milepost.outward.starting.demo.company import Company, chance
from milepost.outward.starting.demo.drafting import Draft
from milepost.outward.starting.demo.reading import WrittenPost, WrittenThread
from milepost.outward.starting.demo.records import Post, Thread
from milepost.outward.starting.demo.weeks import awake, closed, pause, quiet, with_dates

SLUG_LENGTH = 60


def threads(company: Company) -> list[Thread]:
    return [thread for one in reading.threads() if (thread := _thread(company, one))]


def _thread(company: Company, one: WrittenThread) -> Thread | None:
    rng = chance(company.seed, "written", one.title)
    moments = _out_of_holidays(company, one, rng, _moments(company, one, rng))
    draft = Draft(company, slug_of(one.title))
    latest: dict[str, Post] = {}
    today = moments[0].astimezone(company.weeks.zone).date()
    for written, moment in zip(one.posts, moments, strict=True):
        body = with_dates(written.body, today)
        to = (
            latest.get(written.to)
            if written.to
            else _addressed(company, body, latest, {one.posts[0].handle, written.handle})
        )
        latest[written.handle] = draft.say(company[written.handle], moment, body, to=to)
    return draft.finish(
        space=one.notes["space"],
        title=one.title,
        source=one.source,
        tags=one.words("tags"),
        value=one.notes.get("value"),
        goal=one.notes.get("goal"),
        is_question="question" in one.notes,
        pinned="pinned" in one.notes,
    )


def slug_of(title: str) -> str:
    """Short enough for a key, and the same as long as the title's first words are."""
    return re.sub(r"[^\w]+", "-", title.casefold()).strip("-")[:SLUG_LENGTH].rstrip("-")


def _moments(company: Company, one: WrittenThread, rng: Random) -> list[datetime]:
    found = [company.weeks.written(one.notes["when"])]
    for post in one.posts[1:]:
        found.append(_next(company, post, rng, found[-1]))
    return found


def _next(company: Company, post: WrittenPost, rng: Random, before: datetime) -> datetime:
    """Short gaps as written; longer ones a little shaken, and by day for those who sleep at night."""
    if post.after is None:
        return awake(rng, before + pause(rng), company.zones[company[post.handle].handle])
    if post.after < 60:
        return before + timedelta(minutes=post.after, seconds=rng.randrange(60))
    shaken = before + timedelta(minutes=post.after * rng.uniform(0.92, 1.08))
    if company.works_nights(company[post.handle].handle):
        return shaken
    return max(awake(rng, shaken, company.zones[post.handle], free=False), before + timedelta(minutes=5))


def _out_of_holidays(company: Company, one: WrittenThread, rng: Random, moments: list[datetime]) -> list[datetime]:
    """Most of what would begin in the holidays begins some weeks later, where its authors are still here by then."""
    start = moments[0].astimezone(company.weeks.zone).date()
    if not quiet(start) or (not closed(start) and rng.random() < 0.3):
        return moments
    weeks = next(number for number in range(1, 9) if not quiet(start + timedelta(weeks=number)))
    later = [moment + timedelta(weeks=weeks) for moment in moments]
    stays = all(company[post.handle].here(moment) for post, moment in zip(one.posts, later, strict=True))
    ends = later[-1] < company.weeks.now - timedelta(days=3)
    archived = one.notes["space"] == "old-chat"
    return later if stays and ends and not archived else moments


def _addressed(company: Company, body: str, latest: dict[str, Post], without: set[str]) -> Post | None:
    """The post that is answered, where the text begins with its author's name.

    `without` are whoever writes, and whoever opened: answering the opener is answering the thread.
    """
    first = re.match(r"[\w'-]+(?: [\w'-]+)?", body)
    if not first:
        return None
    words = {first.group().casefold(), first.group().split()[0].casefold()}
    for handle, post in latest.items():
        if handle not in without and company[handle].calls.casefold() in words:
            return post
    return None
