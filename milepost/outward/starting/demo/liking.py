"""Reactions: who put which small picture under which post."""

from random import Random

from milepost.outward.starting.demo.company import Company, chance
from milepost.outward.starting.demo.records import Person, Post, Reaction, Space, Thread
from milepost.outward.starting.demo.weeks import awake, pause

GLAD = ("❤️", "👏", "🎉", "🙌")
HELPFUL = ("👍", "🙏", "❤️")
ANSWERED = ("👍", "🙏", "💡", "❤️")
AMUSED = ("😂", "❤️", "👍")
WARM = ("👋", "❤️", "🙂")
# How many react to an opening and to a reply, on average, by where the thread comes from.
WARMTH: dict[str, tuple[float, float]] = {
    "introductions": (4, 0.8),
    "stories": (9, 0.9),
    "small-wins": (2, 1.8),
    "evenings": (1.5, 0.4),
    "wins": (8, 1.6),
    "stewards": (1.2, 0.8),
    "old-chat": (0.8, 0.6),
    "waiting": (0.3, 0),
}
OTHERWISE = (2.5, 1.3)
MOST = 24


def reactions(company: Company, threads: list[Thread], spaces: tuple[Space, ...]) -> tuple[Reaction, ...]:
    allowed = {space.slug: frozenset(space.members) for space in spaces if space.access == "private"}
    found: list[Reaction] = []
    for thread in threads:
        rng = chance(company.seed, "reactions", thread.key)
        opening, reply = WARMTH.get(thread.source, OTHERWISE)
        for place, post in enumerate(thread.posts):
            mean = opening if place == 0 else reply
            # A few posts are loved, many pass by.
            number = min(MOST, round(rng.lognormvariate(0, 0.8) * mean * 0.75))
            found.extend(_under(company, rng, thread, post, number, allowed.get(thread.space)))
    return tuple(sorted(found, key=lambda one: (one.at, one.key)))


def _under(
    company: Company, rng: Random, thread: Thread, post: Post, number: int, allowed: frozenset[str] | None
) -> list[Reaction]:
    def may(person: Person) -> bool:
        return person.key != post.author and (allowed is None or person.key in allowed)

    pictures = _pictures(thread, post)
    favourite = rng.choice(pictures)
    made: list[Reaction] = []
    for person in company.choose(rng, post.at, number=number, where=may) if number else ():
        moment = awake(rng, post.at + pause(rng, 240), company.zones[person.handle], free=False)
        if moment <= company.weeks.now and person.here(moment):
            picture = favourite if rng.random() < 0.65 else rng.choice(pictures)
            key = f"reaction:{post.key.removeprefix('post:')}:{person.handle}"
            made.append(Reaction(key, post.key, person.key, picture, moment))
    return made


def _pictures(thread: Thread, post: Post) -> tuple[str, ...]:
    if thread.source in {"stories", "wins", "small-wins"}:
        return GLAD
    if thread.source in {"introductions", "foyer"}:
        return WARM
    if "light" in thread.tags or "😂" in post.body:
        return AMUSED
    return ANSWERED if thread.is_question else HELPFUL
