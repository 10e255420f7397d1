"""What the demo community consists of. Frozen, plain, and without any knowledge of the database.

Each `key` is stable: the same row has the same key in every generation, whatever the seed and the day, so a loader can
use it as its source key. All times are aware, in UTC.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Value:
    slug: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Charter:
    """Markdown texts; `why` and `vision` are a paragraph or two, `agreements` a numbered list."""

    mission: str
    why: str
    vision: str
    values: tuple[Value, ...]
    agreements: str


@dataclass(frozen=True, slots=True)
class Persona:
    slug: str
    name: str
    story: str
    needs: tuple[str, ...]
    success: str
    milestones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MilestoneDefinition:
    """An achievement in a musician's life, outside the platform, claimed with a sentence of evidence."""

    slug: str
    name: str
    why: str
    value: str
    personas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A number that a member reported for a goal, with what it rests on."""

    key: str
    goal: str
    person: str
    day: date
    number: int
    note: str


@dataclass(frozen=True, slots=True)
class Goal:
    """`measure` says where `current` comes from.

    `milestone:<slug>` counts that milestone since the community began, `answered-within-a-day` is the percentage of the
    last ninety days' questions that got a reply within 24 hours, `praise` counts thank-yous, `check-ins` is the last
    number reported.
    """

    key: str
    slug: str
    title: str
    why: str
    value: str
    target: int
    unit: str
    deadline: date
    measure: str
    current: int
    check_ins: tuple[CheckIn, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A local or online circle; with `sub_community` it is one of its own under the parent."""

    key: str
    slug: str
    name: str
    tagline: str
    town: str
    stewards: tuple[str, ...]
    members: tuple[str, ...]
    sub_community: bool
    founded_at: datetime


@dataclass(frozen=True, slots=True)
class Space:
    """`access` is open, members, private (only `members` see it) or archive (read-only, imported)."""

    key: str
    slug: str
    name: str
    purpose: str
    access: str
    value: str
    goal: str | None
    chapter: str | None
    members: tuple[str, ...]
    imported_from: str


@dataclass(frozen=True, slots=True)
class Person:
    """A human or an organisation in the community.

    `cast` names the part of those whom docs and tests know by name. `calls` is what friends say. `paused_at` and
    `left_at` are the moments after which nothing more comes from them. `celebration` is public, community, first_name,
    private or none.
    """

    key: str
    handle: str
    name: str
    calls: str
    mail: str
    kind: str
    town: str
    chapter: str
    time_zone: str
    plays: tuple[str, ...]
    persona: str | None
    role: str
    audiences: tuple[str, ...]
    bio: str
    cast: str | None
    young: bool
    celebration: str
    joined_at: datetime
    paused_at: datetime | None
    left_at: datetime | None

    @property
    def last_day(self) -> datetime | None:
        """After this nothing comes from them; None while they are here."""
        return self.left_at or self.paused_at

    def here(self, moment: datetime) -> bool:
        return self.joined_at <= moment and (self.last_day is None or moment < self.last_day)


@dataclass(frozen=True, slots=True)
class Join:
    """How someone came: invitation, poster, friend, link, event or founder; `detail` in plain words."""

    key: str
    person: str
    at: datetime
    source: str
    detail: str
    invited_by: str | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """`accepted_by` is empty while nobody has answered; `how` is mail or link."""

    key: str
    inviter: str
    how: str
    mail: str
    sent_at: datetime
    accepted_by: str | None
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Waits for a steward; `answers` are in the order of the policy's questions."""

    key: str
    name: str
    mail: str
    at: datetime
    source: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """`body` is Markdown. `reply_to` is the key of the post that is answered, None where the whole thread is."""

    key: str
    thread: str
    author: str
    at: datetime
    body: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class Thread:
    """`posts` in order, the opening first. `source` says which part of the content it comes from."""

    key: str
    space: str
    title: str
    author: str
    started_at: datetime
    tags: tuple[str, ...]
    value: str | None
    goal: str | None
    is_question: bool
    pinned: bool
    source: str
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    key: str
    post: str
    person: str
    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LifeMilestone:
    """Reached outside the platform. `claimed_at` is when they told us, at the earliest on the day they joined."""

    key: str
    person: str
    milestone: str
    reached_on: date
    claimed_at: datetime
    evidence: str
    celebration: str


@dataclass(frozen=True, slots=True)
class Praise:
    """A thank-you by name, in the giver's words."""

    key: str
    giver: str
    receiver: str
    value: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gathering:
    """An event to come; `place` says how to get in, `seats` how many may."""

    key: str
    slug: str
    title: str
    about: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    town: str
    place: str
    seats: int
    host: str


@dataclass(frozen=True, slots=True)
class DemoCommunity:
    """Everything, each stream sorted by its time and then its key. People are named by key elsewhere."""

    name: str
    slug: str
    tagline: str
    accent_hue: int
    time_zone: str
    began_at: datetime
    now: datetime
    charter: Charter
    join_policy: str
    join_questions: tuple[str, ...]
    personas: tuple[Persona, ...]
    milestones: tuple[MilestoneDefinition, ...]
    goals: tuple[Goal, ...]
    chapters: tuple[Chapter, ...]
    spaces: tuple[Space, ...]
    people: tuple[Person, ...]
    joins: tuple[Join, ...]
    invitations: tuple[Invitation, ...]
    join_requests: tuple[JoinRequest, ...]
    threads: tuple[Thread, ...]
    reactions: tuple[Reaction, ...]
    life_milestones: tuple[LifeMilestone, ...]
    praise: tuple[Praise, ...]
    gatherings: tuple[Gathering, ...]

    @property
    def cast(self) -> dict[str, Person]:
        """The named cast by handle."""
        return {person.handle: person for person in self.people if person.cast}
