"""Activities that tools outside write one batch at a time: a build that passed, someone who came, thanks said elsewhere.

Only verbs registered as external come in, and never what the community itself decides or counts. A row that is there already
(same source, same key) stays as it is, so that a batch can be sent again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from milepost.domain.spaces.models import Space
from milepost.foundation.activity import registry
from milepost.foundation.activity.epochs import current_epoch
from milepost.foundation.activity.models import Activity
from milepost.foundation.activity.recording import existing_keys, local_identity, record_many
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.ids import NO_ID
from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Community, ErasedIdentity, Identity, Person
from milepost.foundation.identity.models.person import LOCAL

NEVER = ("milestone.", "vote.", "donation.", "charter.", "goal.", "person.", "activity.")
"""Beginnings of verbs that no tool writes, whatever their registration says."""
MOST = 1_000
"""Activities of a batch."""
DATA_LONGEST = 4_000
"""Bytes of one activity's data, as JSON."""
AT_ONCE = 200
"""Rows a transaction, so that people who write at the same time hardly wait."""
HISTORY = timedelta(days=1)
"""What happened longer ago is history: it counts, and nobody is told."""


@dataclass(frozen=True, slots=True)
class Who:
    """A person: by `id`, or as a system outside knows them (`source`, `key`)."""

    id: uuid.UUID | None = None
    source: str = ""
    key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """One activity as a tool reports it. `object_key` is the object's name in the source."""

    source_key: str
    verb: str
    happened_at: datetime
    by: Who | None = None
    to: Who | None = None
    space: str = ""
    object_kind: str = ""
    object_key: str = ""
    quantity: Decimal | None = None
    data: dict[str, Any] = field(default_factory=dict)
    backfilled: bool | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one row: "created", "existing", or "refused" with a reason."""

    source_key: str
    status: str = ""
    id: int | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    reason: str
    detail: str


def receive(rows: Sequence[Reported], *, source: str, by: Actor) -> list[Outcome]:
    """Write a batch, and say of each row what became of it, in the rows' order; audited.

    Raises NotAllowed, or DomainError for more than MOST rows or a source that is this site itself.
    """
    require(by, "log.write")
    if source == LOCAL:
        raise DomainError(
            _("“%(source)s” stands for this site itself.") % {"source": source}, _("Name your tool as the source.")
        )
    if len(rows) > MOST:
        raise DomainError(_("At most %(most)s activities come at once.") % {"most": MOST}, _("Send several batches."))
    return _Batch(by, source).take(rows)


class _Batch:
    def __init__(self, by: Actor, source: str) -> None:
        self.actor, self.community, self.source = by, by.community, source
        self.verbs = registry.verbs()
        self.people = _People(by.community)
        self.spaces = dict(Space.objects.visible_to(by).values_list("slug", "pk"))

    def take(self, rows: Sequence[Reported]) -> list[Outcome]:
        outcomes = [Outcome(row.source_key) for row in rows]
        self.people.learn([who for row in rows for who in (row.by, row.to) if who is not None])
        pairs = list(zip(rows, outcomes, strict=True))
        for start in range(0, len(pairs), AT_ONCE):
            self._write(pairs[start : start + AT_ONCE])
        self._number([o for o in outcomes if o.status != "refused"])
        return outcomes

    def _write(self, pairs: list[tuple[Reported, Outcome]]) -> None:
        """One transaction; once more where someone else wrote one of the keys, or met one of the people, just then."""
        for _attempt in range(3):
            try:
                with transaction.atomic():
                    self._write_once(pairs)
                return
            except IntegrityError:
                self.people.learn_again()
        raise Conflict(_("Someone else sends the same activities at this moment."), _("Send the batch again."))

    def _write_once(self, pairs: list[tuple[Reported, Outcome]]) -> None:
        there = set(existing_keys(self.community, self.source, [row.source_key for row, _o in pairs]))
        ready = []
        for row, outcome in pairs:
            outcome.reason = outcome.detail = ""
            if row.source_key in there:
                outcome.status = "existing"
                continue
            before = len(self.people.new)
            try:
                ready.append(self._values(row))
            except _Refused as refusal:
                self.people.drop_unwritten(before)
                outcome.status, outcome.reason, outcome.detail = "refused", refusal.reason, refusal.detail
                continue
            there.add(row.source_key)
            outcome.status = "created"
        if ready:
            self.people.write()
            record_many([tuple(values) for values in ready])
            trace(
                "activities.received",
                community=self.community,
                by=self.actor.person,
                changes={"count": [0, len(ready)], "source": ["", self.source]},
            )

    def _values(self, row: Reported) -> list[Any]:
        """In the order of recording.COLUMNS."""
        self._must_be_external(row.verb)
        if not clock.plausible(row.happened_at):
            raise _Refused("bad_time", _("It lies before 1970 or in the future."))
        space = self.spaces.get(row.space) if row.space else NO_ID
        if space is None:
            raise _Refused("unknown_space", _("There is no space “%(slug)s” here.") % {"slug": row.space})
        try:
            size = len(json.dumps(row.data, allow_nan=False))
        except ValueError:
            raise _Refused("bad_data", _("A number in the data is too large.")) from None
        if size > DATA_LONGEST:
            raise _Refused("bad_data", _("The data is larger than %(most)s bytes.") % {"most": DATA_LONGEST})
        by = self.people.get(row.by) if row.by else None
        to = self.people.get(row.to) if row.to else None
        history = row.happened_at < clock.now() - HISTORY if row.backfilled is None else row.backfilled
        return [
            current_epoch(), self.community.pk, by, row.verb, row.object_kind, self._object(row), space, to, row.quantity,
            row.happened_at, clock.now(), self.source, row.source_key, row.data, history,
        ]  # fmt: skip

    def _must_be_external(self, name: str) -> None:
        verb = self.verbs.get(name)
        if verb is None:
            raise _Refused("unknown_verb", _("“%(verb)s” is no verb here.") % {"verb": name})
        if not verb.external or name.startswith(NEVER):
            raise _Refused("verb_not_external", _("No tool writes “%(verb)s”.") % {"verb": name})

    def _object(self, row: Reported) -> uuid.UUID:
        """As imports do: the same name in the same source is the same thing."""
        if not row.object_key:
            return NO_ID
        return uuid.uuid5(self.community.pk, f"{self.source}\x1f{row.object_kind}\x1f{row.object_key}")

    def _number(self, outcomes: list[Outcome]) -> None:
        keys = [o.source_key for o in outcomes]
        ids = dict(
            Activity.objects.filter(community=self.community, source=self.source, source_key__in=keys).values_list(
                "source_key", "pk"
            )
        )
        for outcome in outcomes:
            outcome.id = ids.get(outcome.source_key)


class _People:
    """Whom a batch names, asked once for all; who is new is met when their first activity is written."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.wanted: Sequence[Who] = ()

    def learn(self, wanted: Sequence[Who]) -> None:
        self.wanted = wanted
        self.learn_again()

    def learn_again(self) -> None:
        """Three queries, however many they are."""
        self.by_id: dict[uuid.UUID, uuid.UUID | None] = {}
        self.by_key: dict[tuple[str, str], uuid.UUID] = {}
        self.erased: set[tuple[str, str]] = set()
        self.new: list[tuple[Person, Identity]] = []

        wanted = self.wanted
        ids = {who.id for who in wanted if who.id}
        people = Person.objects.in_community(self.community).present().filter(pk__in=ids).prefetch_related("identities")
        for person in people:
            known = {identity.source: identity.pk for identity in person.identities.all()}
            if person.is_claimed:
                self.by_id[person.pk] = known.get(LOCAL) or local_identity(person).pk
            else:
                self.by_id[person.pk] = next(iter(known.values()), None)
        keys = {(who.source, who.key) for who in wanted if not who.id}
        found = Identity.objects.filter(community=self.community, source_key__in={key for _source, key in keys})
        for pk, source, key in found.values_list("pk", "source", "source_key"):
            self.by_key[source, key] = pk
        digests = {
            ErasedIdentity.digest_of(self.community, source, key): (source, key)
            for source, key in keys - self.by_key.keys()
        }
        gone = ErasedIdentity.objects.filter(community=self.community, digest__in=digests)
        self.erased = {digests[digest] for digest in gone.values_list("digest", flat=True)}

    def get(self, who: Who) -> uuid.UUID:
        """The identity under which they acted."""
        if who.id:
            found = self.by_id.get(who.id)
            if found is None:
                raise _Refused("unknown_person", _("There is no such person here."))
            return found
        known = self.by_key.get((who.source, who.key))
        if known is not None:
            return known
        if who.source == LOCAL:
            raise _Refused("unknown_person", _("Name people of this site by their id."))
        if (who.source, who.key) in self.erased:
            raise _Refused("erased", _("This person asked to be erased."))
        person = Person(community=self.community, name=(who.name or who.key)[:120])
        identity = Identity(
            community=self.community, person=person, source=who.source, source_key=who.key, name=person.name
        )
        self.new.append((person, identity))
        self.by_key[who.source, who.key] = identity.pk
        return identity.pk

    def drop_unwritten(self, kept: int) -> None:
        """Nobody is met by an activity that was refused."""
        for _person, identity in self.new[kept:]:
            del self.by_key[identity.source, identity.source_key]
        del self.new[kept:]

    def write(self) -> None:
        """Those who were met since; in the caller's transaction."""
        Person.objects.bulk_create([person for person, _identity in self.new])
        Identity.objects.bulk_create([identity for _person, identity in self.new])
        self.new = []
