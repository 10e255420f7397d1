"""A thread while it is being put together, and lines that are drawn without repeating themselves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from random import Random

from milepost.outward.starting.demo.company import Company
from milepost.outward.starting.demo.reading import ContentError, Line
from milepost.outward.starting.demo.records import Person, Post, Thread
from milepost.outward.starting.demo.weeks import awake, pause


class Draft:
    """Collects posts in any order; `finish` sorts them and leaves out what would be written after now."""

    def __init__(self, company: Company, key: str) -> None:
        self.company = company
        self.key = f"thread:{key}"
        self.posts: list[Post] = []

    def say(self, person: Person, moment: datetime, body: str, *, to: Post | None = None) -> Post:
        """ContentError where that person is not in the community at that moment."""
        if not person.here(moment):
            raise ContentError(f"{self.key}: @{person.handle} writes on {moment:%Y-%m-%d} without being here.")
        post = Post(
            key=f"post:{self.key.removeprefix('thread:')}:{len(self.posts) + 1}",
            thread=self.key,
            author=person.key,
            at=moment,
            body=body,
            reply_to=to.key if to else None,
        )
        self.posts.append(post)
        return post

    def answer_time(self, rng: Random, person: Person, after: datetime, median_minutes: float = 150) -> datetime:
        """When that person would answer something written at `after`."""
        moment = awake(rng, after + pause(rng, median_minutes), self.company.zones[person.handle])
        return max(moment, after + timedelta(minutes=1))

    def authors(self) -> set[str]:
        return {post.author.removeprefix("person:") for post in self.posts}

    def last(self) -> datetime:
        return max(post.at for post in self.posts)

    def finish(
        self,
        *,
        space: str,
        title: str,
        source: str,
        tags: tuple[str, ...] = (),
        value: str | None = None,
        goal: str | None = None,
        is_question: bool = False,
        pinned: bool = False,
    ) -> Thread | None:
        """None where the thread itself would begin after now."""
        opening = self.posts[0]
        if opening.at > self.company.weeks.now:
            return None
        replies = sorted(
            (post for post in self.posts[1:] if post.at <= self.company.weeks.now), key=lambda post: (post.at, post.key)
        )
        return Thread(
            key=self.key,
            space=space,
            title=title,
            author=opening.author,
            started_at=opening.at,
            tags=tags,
            value=value,
            goal=goal,
            is_question=is_question,
            pinned=pinned,
            source=source,
            posts=(opening, *replies),
        )


class Pool:
    """Lines of a pattern file, each used at most `uses` times and the least used first."""

    def __init__(self, lines: tuple[Line, ...], uses: int) -> None:
        self.left = dict.fromkeys(lines, uses)

    def draw(
        self,
        rng: Random,
        *,
        week: int,
        speaker: frozenset[str],
        spoken_to: frozenset[str] = frozenset(),
        only_tagged: bool = False,
        without: Collection[str] = (),
    ) -> str | None:
        """A fitting line, mostly one for just such a person; None where all are used up.

        `without` are the lines that were already said in this thread.
        """
        able = [
            line
            for line, uses in self.left.items()
            if uses
            and line.text not in without
            and (line.speaker or not only_tagged)
            and line.fits(week=week, speaker=speaker, spoken_to=spoken_to)
        ]
        if not able:
            return None
        line = max(able, key=lambda line: (self.left[line], rng.random() + 0.35 * bool(line.speaker or line.spoken_to)))
        self.left[line] -= 1
        return line.text
