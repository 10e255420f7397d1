"""What each reader may see celebrated, and what it says to them.

The rules, in one place; pages, feeds, walls, API and embeds ask here:

- a person who left, was erased or merged, or whom nobody has claimed, is not celebrated;
- public: everyone. Community: members. What they are called: members, without a link and a photo. Private, none: only oneself;
- what was taken back, and a secret milestone, is seen by oneself alone; what was revoked, by nobody;
- a moment none of whose awards may be seen is not there: not in counts, not by its address.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.domain.paths.models import Milestone
from milepost.engines.milestones import celebrating
from milepost.engines.milestones.celebrating import Who
from milepost.foundation.identity.access import Actor
from milepost.foundation.identity.models import Community, Membership

from . import wordings
from .models import Cheer, Moment, MomentAward, Word

Kind = Moment.Kind
NAMED, QUOTED = 8, 4
"""People and milestones of one moment whose names are said; of more, how many."""
_COMMUNITY = Value(celebrating.Celebration.COMMUNITY.value)


def visitor(community: Community) -> Actor:
    """For feeds, walls and embeds: what everyone may see, whoever asks."""
    return Actor(community=community)


def any_member(community: Community) -> Actor:
    """Someone who belongs, and is nobody in particular."""
    return Actor(community=community, membership=Membership(community=community))


def told(actor: Actor) -> QuerySet[MomentAward]:
    """The awards in moments that the actor may see celebrated."""
    own = celebrating.reader_id(actor)
    shown = [celebrating.Celebration.PUBLIC]
    if actor.membership is not None and actor.membership.is_active:
        shown += [celebrating.Celebration.COMMUNITY, celebrating.Celebration.FIRST_NAME]
    others = Q(choice__in=shown, taken_back_at__isnull=True, award__milestone__is_secret=False)
    return (
        MomentAward.objects.filter(
            community=actor.community,
            award__revoked_at__isnull=True,
            award__person__account__isnull=False,
            award__person__erased_at__isnull=True,
            award__person__merged_into__isnull=True,
            award__person__membership__isnull=False,
            award__person__membership__left_at__isnull=True,
        )
        .alias(choice=Coalesce("award__person__profile__celebration", _COMMUNITY))
        .filter(others | Q(award__person=own) if own else others)
    )


def visible(actor: Actor) -> QuerySet[Moment]:
    """The moments that the actor may see, newest first. Round-ups are for members."""
    found = Q(Exists(told(actor).filter(moment=OuterRef("pk")))) | Q(kind=Kind.LANDMARK)
    if actor.membership is not None and actor.membership.is_active:
        found |= Q(kind=Kind.ROUND_UP)
    return Moment.objects.filter(found, community=actor.community).order_by("-posted_at", "-pk")


@dataclass(frozen=True, slots=True)
class Reached:
    """One award in a moment, as the reader may see it."""

    id: uuid.UUID
    award: uuid.UUID
    who: Who
    person: uuid.UUID
    """Never shown; to know whom one congratulates."""
    milestone: str
    milestone_id: uuid.UUID
    slug: str
    is_step: bool
    day: datetime.date
    words: str
    mine: bool
    quietly: bool
    """Only the reader sees it: so they chose, or they took it back."""
    taken_back: bool


@dataclass(slots=True)
class Shown:
    """A moment as one reader may see it. `says` is plain text."""

    id: uuid.UUID
    kind: str
    day: datetime.date
    posted_at: datetime.datetime
    says: str = ""
    reached: list[Reached] = field(default_factory=list)
    cheers: Counter[str] = field(default_factory=Counter)
    my_cheer: str = ""
    words: int = 0

    @property
    def mine(self) -> bool:
        """All of it is the reader's own: nobody congratulates themselves."""
        return bool(self.reached) and all(one.mine for one in self.reached)

    @property
    def quietly(self) -> bool:
        return bool(self.reached) and all(one.quietly for one in self.reached)

    @property
    def people(self) -> list[Who]:
        """Each once, in the order in which they reached it."""
        return list({one.person: one.who for one in self.reached}.values())

    @property
    def milestones(self) -> list[tuple[str, str]]:
        """(name, slug), each once; small steps after what was reached in someone's life."""
        found = sorted(self.reached, key=lambda one: one.is_step)
        return list(dict.fromkeys((one.milestone, one.slug) for one in found))


def shown(moments: Sequence[Moment], actor: Actor) -> list[Shown]:
    """What these moments say to the actor; four queries, whatever their number."""
    idents = [moment.pk for moment in moments]
    reached = _reached(idents, actor)
    cheers: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for ident, emoji, count in (
        Cheer.objects.filter(moment__in=idents).values_list("moment", "emoji").annotate(n=Count("pk")).order_by()
    ):
        cheers[ident][emoji] = count
    words = dict(Word.objects.filter(moment__in=idents).values_list("moment").annotate(n=Count("pk")).order_by())
    own = celebrating.reader_id(actor)
    mine = dict(Cheer.objects.filter(moment__in=idents, person=own).values_list("moment", "emoji")) if own else {}
    said = wordings.of(actor.community)
    made = []
    for moment in moments:
        one = Shown(moment.pk, moment.kind, moment.day, moment.posted_at, reached=reached[moment.pk])
        one.cheers, one.words, one.my_cheer = cheers[moment.pk], words.get(moment.pk, 0), mine.get(moment.pk, "")
        one.says = _sentence(moment, one, actor.community, said)
        made.append(one)
    return made


def _reached(idents: Sequence[uuid.UUID], actor: Actor) -> dict[uuid.UUID, list[Reached]]:
    own = celebrating.reader_id(actor)
    rows: QuerySet[MomentAward, Any] = (
        told(actor)
        .filter(moment__in=idents)
        .values(
            "pk", "moment_id", "award_id", "taken_back_at",
            person=F("award__person_id"), stone=F("award__milestone__name"), stone_id=F("award__milestone_id"),
            slug=F("award__milestone__slug"), stone_kind=F("award__milestone__kind"), day=F("award__reached_on"), words=F("award__evidence"), secret=F("award__milestone__is_secret"),
            **celebrating.person_columns("award__person", "who_"),
        )
        .order_by("award__reached_on", "award__claimed_at", "pk")
    )  # fmt: skip
    found: dict[uuid.UUID, list[Reached]] = defaultdict(list)
    for row in rows:
        who = celebrating.seen_as(row, actor, "who_")
        if who is None:
            continue
        back = row["taken_back_at"] is not None
        quiet = back or row["secret"] or row["who_celebration"] in celebrating.QUIET
        found[row["moment_id"]].append(
            Reached(
                row["pk"], row["award_id"], who, row["person"], row["stone"], row["stone_id"], row["slug"],
                row["stone_kind"] == Milestone.Kind.STEP, row["day"], row["words"], row["person"] == own, quiet, back,
            )
        )  # fmt: skip
    return found


def _sentence(moment: Moment, one: Shown, community: Community, said: dict[tuple[str, Any], str]) -> str:
    if moment.kind == Kind.ROUND_UP:
        return _("The week of %(day)s") % {"day": date_format(moment.day, "MONTH_DAY_FORMAT")}
    values = sentence_values(moment, one, community)
    stones = {r.milestone_id for r in one.reached}
    text = said.get((moment.kind, next(iter(stones)))) if len(stones) == 1 else None
    text = text or said.get((moment.kind, None))
    return (wordings.say(text, values) if text else "") or wordings.ours(moment.kind, values)


def sentence_values(moment: Moment, one: Shown, community: Community) -> dict[str, Any]:
    """What a wording of the moment may say, for one reader."""
    day = date_format(moment.day, "MONTH_DAY_FORMAT")
    if moment.landmark_id:
        assert moment.landmark is not None
        number = f"{moment.landmark.target.normalize():,f}"
        return {
            "landmark": moment.landmark.name, "number": number, "unit": moment.landmark.unit, "day": day,
            "community": community.name,
        }  # fmt: skip
    names = [who.name for who in one.people]
    since = {moment.day.year - r.day.year for r in one.reached}
    # Of several years none is said: it would be wrong for most.
    years = since.pop() if len(since) == 1 else 0
    return {
        "name": _listed(names, NAMED), "count": len(names), "day": day, "years": years, "community": community.name,
        "milestone": _listed([f"“{name}”" for name, _slug in one.milestones], QUOTED),
    }  # fmt: skip


def _listed(names: list[str], most: int) -> str:
    rest = len(names) - most
    if rest <= 0:
        return get_text_list(names, _("and"))
    more = ngettext("%(n)d more", "%(n)d more", rest) % {"n": rest}
    return get_text_list([*names[:most], more], _("and"))


def find(actor: Actor, ident: uuid.UUID) -> Shown | None:
    """One moment, if the actor may see it."""
    moment = visible(actor).select_related("landmark").filter(pk=ident).first()
    return shown([moment], actor)[0] if moment else None


def newest(actor: Actor, most: int) -> list[Shown]:
    """Round-ups left out: for screens, feeds and embeds."""
    found: Iterable[Moment] = visible(actor).exclude(kind=Kind.ROUND_UP).select_related("landmark")[:most]
    return shown(list(found), actor)
