"""Reads what writers wrote: the files under `content/`.

Lines of the pattern files may begin with words in brackets: `[w54, for:harp, guitar, porto] text`. They say when a line
fits: `w54` not before that week; `stage` only from who has played in front of people; `adult` not from the young ones;
`for:...` what the one spoken to plays, is or has done; anything else what the speaker plays, or their town, chapter or
handle. Of several words of the last two sorts one is enough.
Each `ContentError` names the file and the line's text.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from milepost.outward.starting.demo.weeks import WEEKDAYS

CONTENT = "milepost.outward.starting.demo"


class ContentError(ValueError):
    """A content file breaks its own rules."""


@dataclass(frozen=True, slots=True)
class WrittenMilestone:
    """`weekday` is 0 for Monday, None where the generator chooses; weeks before 1 lie before the community began."""

    slug: str
    week: int
    weekday: int | None
    evidence: str


@dataclass(frozen=True, slots=True)
class WrittenPerson:
    handle: str
    name: str
    calls: str
    town: str
    plays: tuple[str, ...]
    persona: str | None
    week: int
    came: str
    bio: str
    milestones: tuple[WrittenMilestone, ...]
    notes: dict[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class WrittenPost:
    """`after` is minutes after the post before, None where the generator chooses; `to` is whom it answers."""

    handle: str
    after: int | None
    to: str | None
    body: str


@dataclass(frozen=True, slots=True)
class WrittenThread:
    title: str
    notes: dict[str, str] = field(hash=False)
    posts: tuple[WrittenPost, ...]
    source: str

    def words(self, note: str) -> tuple[str, ...]:
        """A note's comma-separated words."""
        return tuple(word.strip() for word in self.notes.get(note, "").split(",") if word.strip())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a pattern file and when it fits."""

    text: str
    week: int
    needs: frozenset[str]
    speaker: frozenset[str]
    spoken_to: frozenset[str]

    def fits(self, *, week: int, speaker: frozenset[str], spoken_to: frozenset[str] = frozenset()) -> bool:
        return (
            self.week <= week
            and self.needs <= speaker
            and (not self.speaker or not self.speaker.isdisjoint(speaker))
            and (not self.spoken_to or not self.spoken_to.isdisjoint(spoken_to))
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """An opening with questions and answers: `turns` are (who asks, None where the one who opened answers; text)."""

    title: str
    handle: str
    about: tuple[str, ...]
    opening: str
    turns: tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True)
class Thanks:
    giver: str
    receiver: str
    value: str
    week: int
    text: str


def _file(*path: str) -> Traversable:
    place: Traversable = files(CONTENT).joinpath("content")
    for part in path:
        place = place.joinpath(part)
    return place


def _text(*path: str) -> str:
    return _file(*path).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def community() -> dict[str, Any]:
    """`community.toml`: charter, goals, spaces, chapters, towns, gatherings."""
    return tomllib.loads(_text("community.toml"))


@lru_cache(maxsize=1)
def people() -> tuple[WrittenPerson, ...]:
    """`people.md`, in its order."""
    blocks = re.split(r"^(?=@)", _text("people.md"), flags=re.MULTILINE)[1:]
    return tuple(_person(block) for block in blocks)


def _person(block: str) -> WrittenPerson:
    head, *rest = [line for line in block.strip().splitlines() if line.strip()]
    try:
        handle, name, town, plays, persona, week, came = (part.strip() for part in head.split("|"))
    except ValueError:
        raise ContentError(f"people.md: seven parts with | between them expected: {head}") from None
    called = re.fullmatch(r"(.+?) \((.+)\)", name)
    notes = dict(_note(line[1:]) for line in rest if line.startswith("~"))
    return WrittenPerson(
        handle=handle.removeprefix("@"),
        name=called.group(1) if called else name,
        calls=called.group(2) if called else name.split()[0],
        town=town,
        plays=tuple(word.strip() for word in plays.split(",")),
        persona=None if persona == "-" else persona + "s",
        week=int(week),
        came=came,
        bio=" ".join(line for line in rest if not line.startswith(("~", "*"))),
        milestones=tuple(_milestone(line) for line in rest if line.startswith("*")),
        notes=notes,
    )


def _milestone(line: str) -> WrittenMilestone:
    found = re.fullmatch(r"\* ([a-z-]+), week (-?\d+)(?: (Mon|Tue|Wed|Thu|Fri|Sat|Sun))?: (.+)", line)
    if not found:
        raise ContentError(f"people.md: '* milestone, week N: evidence' expected: {line}")
    slug, week, weekday, evidence = found.groups()
    return WrittenMilestone(slug, int(week), WEEKDAYS[weekday] if weekday else None, evidence)


def _note(line: str) -> tuple[str, str]:
    name, colon, said = line.partition(":")
    if not colon:
        raise ContentError(f"'name: what' expected: {line}")
    return name.strip(), said.strip()


POST_HEAD = re.compile(r"@([a-z0-9-]+)(?: \+(\d+)([mhd]))?(?: >([a-z0-9-]+))?")
NEEDS = frozenset({"stage", "adult"})
MINUTES = {"m": 1, "h": 60, "d": 1440}


@lru_cache(maxsize=1)
def threads() -> tuple[WrittenThread, ...]:
    """`threads/*.md`, by file name and place in the file."""
    found: list[WrittenThread] = []
    for file in sorted(_file("threads").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".md"):
            source = file.name.removesuffix(".md")
            blocks = _by_title(file.read_text(encoding="utf-8"))
            found.extend(_thread(title, lines, source) for title, lines in blocks)
    return tuple(found)


def _by_title(text: str) -> Iterator[tuple[str, list[str]]]:
    for block in re.split(r"^# ", text, flags=re.MULTILINE)[1:]:
        title, *lines = block.strip().splitlines()
        yield title.strip(), lines


def _thread(title: str, lines: list[str], source: str) -> WrittenThread:
    first = next((at for at, line in enumerate(lines) if POST_HEAD.fullmatch(line)), None)
    if first is None:
        raise ContentError(f"threads/{source}.md: no post under: {title}")
    notes = dict(_note(line) for line in lines[:first] if line.strip())
    return WrittenThread(title=title, notes=notes, posts=tuple(_posts(lines[first:])), source=source)


def _posts(lines: list[str]) -> Iterator[WrittenPost]:
    heads = [at for at, line in enumerate(lines) if POST_HEAD.fullmatch(line)]
    for at, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        found = POST_HEAD.fullmatch(lines[at])
        assert found
        handle, number, unit, to = found.groups()
        body = "\n".join(lines[at + 1 : end]).strip()
        yield WrittenPost(handle=handle, after=int(number) * MINUTES[unit] if number else None, to=to, body=body)


def _line(text: str) -> Line:
    tagged = re.fullmatch(r"\[(?!\[)([^\]]+)\] (.+)", text)
    words = [word.strip().casefold() for word in tagged.group(1).split(",")] if tagged else []
    weeks = [int(word[1:]) for word in words if re.fullmatch(r"w\d+", word)]
    spoken_to = frozenset(word.removeprefix("for:") for word in words if word.startswith("for:"))
    needs = NEEDS.intersection(words)
    speaker = frozenset(word for word in words if not re.fullmatch(r"w\d+|for:.+", word)) - needs
    return Line(tagged.group(2) if tagged else text, max(weeks, default=1), needs, speaker, spoken_to)


@lru_cache(maxsize=8)
def lines(name: str) -> tuple[Line, ...]:
    """A pattern file that is one list: its first paragraph explains it to writers and is left out."""
    _, _, rest = _text("patterns", f"{name}.md").partition("\n\n")
    return tuple(_line(line) for line in rest.splitlines() if line.strip())


@lru_cache(maxsize=8)
def sections(name: str) -> dict[str, tuple[Line, ...]]:
    """A pattern file with several lists under `== name`."""
    found: dict[str, tuple[Line, ...]] = {}
    for block in re.split(r"^== ", _text("patterns", f"{name}.md"), flags=re.MULTILINE)[1:]:
        title, *rest = block.strip().splitlines()
        found[title.strip()] = tuple(_line(line) for line in rest if line.strip())
    return found


@lru_cache(maxsize=8)
def exchanges(name: str) -> tuple[Exchange, ...]:
    """`introductions.md` and `stories.md`."""
    return tuple(_exchange(name, title, lines) for title, lines in _by_title(_text("patterns", f"{name}.md")))


def _exchange(name: str, title: str, lines: Iterable[str]) -> Exchange:
    head, *rest = [line for line in lines if line.strip()]
    handle, *about = head.removeprefix("@").split()
    opening = [line for line in rest if not line.startswith(("? ", "! "))]
    turns: list[tuple[str | None, str]] = []
    for line in rest:
        if line.startswith("? "):
            turns.append(_note(line[2:]))
        elif line.startswith("! "):
            turns.append((None, line[2:]))
    if not opening or not turns:
        raise ContentError(f"patterns/{name}.md: an opening, a question and an answer expected under: {title}")
    return Exchange(title, handle, tuple(about), "\n\n".join(opening), tuple(turns))


@lru_cache(maxsize=1)
def praise() -> tuple[Thanks, ...]:
    """`praise.md`."""
    _, _, rest = _text("praise.md").partition("\n\n")
    found: list[Thanks] = []
    for line in rest.splitlines():
        parts = [part.strip() for part in line.split("|", 3)]
        if len(parts) != 4 or " > " not in parts[0]:
            raise ContentError(f"praise.md: 'giver > receiver | value | week | text' expected: {line}")
        giver, _, receiver = parts[0].partition(" > ")
        found.append(Thanks(giver.strip(), receiver.strip(), parts[1], int(parts[2]), parts[3]))
    return tuple(found)
