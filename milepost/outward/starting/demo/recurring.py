"""What comes round again: the Friday thread of small wins, and the lists for open evenings."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from milepost.outward.starting.demo import reading
from milepost.outward.starting.demo.company import Company, chance
from milepost.outward.starting.demo.drafting import Draft, Pool
from milepost.outward.starting.demo.reading import Line
from milepost.outward.starting.demo.records import Person, Post, Thread
from milepost.outward.starting.demo.weeks import (
    LAST_WEEK,
    WEEKDAYS,
    at,
    awake,
    closed,
    evening,
    in_english,
    in_portuguese,
    quiet,
)

SMALL_WINS_FIRST, SMALL_WINS_EVERY = 16, 5 / 2
SMALL_WINS_HOSTS = ("morven", "ife", "haruka", "dot", "niamh", "lindiwe", "patience", "aylin")


def small_wins(company: Company) -> list[Thread]:
    """About every second Friday, less often and with fewer voices in the holidays."""
    parts = reading.sections("small-wins")
    wins, cheers, closings = Pool(parts["wins"], uses=1), Pool(parts["cheers"], uses=2), Pool(parts["closings"], uses=2)
    made: list[Thread] = []
    for number, opening in enumerate(parts["openings"], start=1):
        week = round(SMALL_WINS_FIRST + (number - 1) * SMALL_WINS_EVERY)
        friday = company.weeks.day(week, WEEKDAYS["Fri"])
        if week <= LAST_WEEK and not closed(friday):
            thread = _friday(company, number, friday, opening, wins, cheers, closings)
            made.extend([thread] if thread else [])
    return made


def _friday(
    company: Company, number: int, friday: date, opening: Line, wins: Pool, cheers: Pool, closings: Pool
) -> Thread | None:
    rng = chance(company.seed, "small wins", number)
    start = at(friday, time(rng.choice((16, 17, 18)), rng.randrange(60)), company.weeks.zone)
    week = company.weeks.week_of(start)
    hosts = [company[handle] for handle in SMALL_WINS_HOSTS if company[handle].here(start)]
    draft = Draft(company, f"small-wins-{number:02}")
    host = rng.choice(hosts)
    draft.say(host, start, company.in_their_hand(host.handle, opening.text))
    voices = rng.randrange(3, 5) if quiet(friday) else rng.randrange(7, 10)
    without = draft.authors()
    for person in company.choose(rng, start, number=voices * 2, without=without):
        if len(draft.posts) > voices:
            break
        facets = company.facets(person.handle, week)
        line = wins.draw(rng, week=week, speaker=facets, only_tagged=company.sparing(person.handle))
        moment = draft.answer_time(rng, person, start, median_minutes=420)
        if line and person.here(moment):
            draft.say(person, moment, company.in_their_hand(person.handle, line))
    for person in company.choose(rng, start, number=rng.choice((0, 1, 1, 2)), without=draft.authors()):
        closes = rng.random() < 0.3
        line = (closings if closes else cheers).draw(rng, week=week, speaker=company.facets(person.handle, week))
        target = draft.posts[0] if closes else rng.choice(draft.posts[1:] or draft.posts)
        moment = draft.answer_time(rng, person, draft.last() if closes else target.at, median_minutes=90)
        if line and person.here(moment):
            said = company.in_their_hand(person.handle, line)
            draft.say(person, moment, said, to=None if closes else target)
    title = f"Small wins, {in_english(friday)}"
    return draft.finish(space="on-stage", title=title, source="small-wins", tags=("wins",), value="kind-and-true")


@dataclass(frozen=True, slots=True)
class Series:
    """One chapter's evenings: which weeks, which day, who runs them."""

    chapter: str
    space: str
    weeks: tuple[int, ...]
    weekdays: tuple[str, ...]
    hosts: tuple[str, ...]
    answers: str
    portuguese: bool = False


# The last of each lies ahead of "now": its list is open.
EVENINGS = (
    Series("leith", "on-stage", tuple(range(19, 75, 5)) + (79,), ("Thu",), ("morven", "lindiwe", "ife"), "callum"),
    Series("porto", "porto", (27, 35, 43, 49, 56, 61, 66, 71, 75, 80), ("Thu",), ("tiago",), "tiago", portuguese=True),
    Series("online", "online-stage", (31, 37, 45, 54, 60, 65, 70, 76, 79), ("Sat", "Sun"), ("jonas",), "jonas"),
)
ONLINE_STEWARDS_FROM = 50


def open_evenings(company: Company) -> list[Thread]:
    parts = reading.sections("evenings")
    made: list[Thread] = []
    for series in EVENINGS:
        stock = _Stock(
            titles=Pool(parts[f"titles {series.chapter}"], uses=9),
            openings=Pool(parts[f"openings {series.chapter}"], uses=1),
            sign_ups=Pool(parts[f"sign-ups {series.chapter}"], uses=2 if series.chapter == "leith" else 3),
            questions=Pool(parts[f"questions {series.chapter}"], uses=1),
            afters=Pool(parts[f"afters {series.chapter}"], uses=1),
            thanks=Pool(parts["thanks" if series.chapter == "leith" else f"thanks {series.chapter}"], uses=2),
            songs=[line.text for line in parts[f"songs {series.chapter}"]],
        )
        for number, week in enumerate(series.weeks, start=1):
            thread = _Evening(company, series, number, week, stock).thread()
            made.extend([thread] if thread else [])
    return made


@dataclass(slots=True)
class _Stock:
    titles: Pool
    openings: Pool
    sign_ups: Pool
    questions: Pool
    afters: Pool
    thanks: Pool
    songs: list[str]


class _Evening:
    """One list: opened a good week before, sign-ups, a question, the evening, thanks."""

    def __init__(self, company: Company, series: Series, number: int, week: int, stock: _Stock) -> None:
        self.company, self.series, self.number, self.stock = company, series, number, stock
        self.rng = chance(company.seed, "evening", series.chapter, number)
        self.day = company.weeks.day(week, WEEKDAYS[self.rng.choice(series.weekdays)])
        if closed(self.day):
            self.day -= timedelta(weeks=1)
        self.week = (self.day - company.weeks.monday).days // 7 + 1
        self.host = company[self._host()]
        self.answers = company[series.answers]
        self.signed: list[str] = []
        self.draft = Draft(company, f"evening-{series.chapter}-{number:02}")

    def _host(self) -> str:
        hosts = self.series.hosts
        if self.series.chapter == "online" and self.week > ONLINE_STEWARDS_FROM:
            hosts = ("femi", "wanjiru")
        return self.rng.choice([name for name in hosts if self.company[name].joined_at.date() < self.day])

    def thread(self) -> Thread | None:
        rng, company = self.rng, self.company
        opened = self.day - timedelta(days=rng.randrange(8, 12))
        start = evening(rng, opened, company.zones[self.host.handle])
        opening = self.stock.openings.draw(rng, week=self.week, speaker=company.facets(self.host.handle, self.week))
        title = self.stock.titles.draw(rng, week=self.week, speaker=frozenset())
        if opening is None or title is None:
            return None
        self._say(self.host, start, opening)
        self._sign_ups(start)
        self._question()
        self._afterwards()
        said = self._filled(title)
        return self.draft.finish(
            space=self.series.space,
            title=said[0].upper() + said[1:],
            source="evenings",
            tags=("open-stage", f"chapter-{self.series.chapter}"),
            value="a-stage-for-anyone",
            goal="a-hundred-first-stages",
        )

    def _say(self, person: Person, moment: datetime, line: str, *, to: Post | None = None) -> Post:
        said = self.company.in_their_hand(person.handle, self._filled(line))
        return self.draft.say(person, moment, said, to=to)

    def _filled(self, text: str) -> str:
        spoken = in_portuguese(self.day) if self.series.portuguese else in_english(self.day)
        text = text.replace("[[date]]", spoken).replace("[[n]]", str(10 + self.number % 3))
        while "[[song]]" in text:
            text = text.replace("[[song]]", self.stock.songs.pop(0), 1)
        return text

    def _crowd(self, number: int, moment: datetime) -> list[Person]:
        """People of the chapter who aren't in the thread yet; Glasgow is too far for a Thursday in Leith."""
        without = self.draft.authors() | {self.series.answers}
        return self.company.choose(
            self.rng,
            moment,
            number=number,
            without=without,
            where=lambda person: person.chapter == self.series.chapter and person.town != "Glasgow",
        )

    def _facets(self, person: Person) -> frozenset[str]:
        """Who has played before signs up as a player, who never has comes for the first time or to listen."""
        company, handle = self.company, person.handle
        if company.has_played_by(handle, self.week):
            return company.facets(handle, self.week)
        first = company.first_gig_week(handle)
        if first == self.week or (first is None and person.persona and self.week >= LAST_WEEK - 1):
            return frozenset({"new", handle}) | company.needs(handle, self.week)
        return frozenset({"listens", handle}) | company.needs(handle, self.week)

    def _sign_ups(self, start: datetime) -> None:
        rng = self.rng
        until = at(self.day, time(12), self.company.weeks.zone) - timedelta(days=1)
        wanted = rng.randrange(3, 5) if quiet(self.day) else rng.randrange(5, 8)
        room = until - start
        for place, person in enumerate(self._crowd(wanted * 2, start)):
            if len(self.draft.posts) > wanted:
                break
            line = self._draw_sign_up(person)
            # Half come on the first day, the others trickle in.
            share = rng.random() * 0.15 if place < wanted // 2 else rng.random()
            moment = awake(rng, start + timedelta(minutes=20) + room * share, self.company.zones[person.handle])
            if line and person.here(moment) and moment < until + timedelta(hours=8):
                self._say(person, moment, line)

    def _draw_sign_up(self, person: Person) -> str | None:
        """With a title of an own song as long as there are songs nobody has announced yet."""
        line = self.stock.sign_ups.draw(
            self.rng, week=self.week, speaker=self._facets(person), only_tagged=True, without=self.signed
        )
        if line:
            self.signed.append(line)
        return None if line and "[[song]]" in line and not self.stock.songs else line

    def _question(self) -> None:
        rng, company = self.rng, self.company
        moment = evening(rng, self.day - timedelta(days=rng.randrange(2, 5)), company.weeks.zone)
        line = self.stock.questions.draw(rng, week=self.week, speaker=frozenset())
        asking = [person for person in self._crowd(4, moment) if not person.young]
        if line and asking:
            question, _, answer = line.partition(" | ")
            asked = self._say(asking[0], moment, question)
            replied = self.draft.answer_time(rng, self.answers, moment, median_minutes=60)
            self._say(self.answers, replied, answer, to=asked)

    def _afterwards(self) -> None:
        rng, company = self.rng, self.company
        over = at(self.day, time(22, rng.randrange(20, 55)), company.weeks.zone)
        speaker = rng.choice((self.host, self.answers))
        line = self.stock.afters.draw(rng, week=self.week, speaker=company.facets(speaker.handle, self.week))
        if line:
            self._say(speaker, over, line)
        for person in self._crowd(rng.choice((1, 2, 2, 3)), over):
            first = company.first_gig_week(person.handle) == self.week
            facets = frozenset({"new" if first else "", person.handle}) | company.needs(person.handle, self.week)
            sparing = company.sparing(person.handle)
            thanks = self.stock.thanks.draw(rng, week=self.week, speaker=facets, only_tagged=sparing)
            moment = self.draft.answer_time(rng, person, over, median_minutes=600)
            if thanks and person.here(moment):
                self._say(person, moment, thanks)
