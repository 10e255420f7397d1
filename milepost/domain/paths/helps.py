"""What helps with a milestone: apps above register where they look, this app asks them all.

An app that holds events, resources or opportunities writes a `helping.py`:

    def events_for(actor: Actor, milestones: Sequence[uuid.UUID]) -> Iterable[Help]: ...
    helps("event", _("Events"), icon="calendar", find=events_for)

`find` runs in a fixed number of queries (one, by preference), gives only what the actor may see, the best first, and at most a
few for each milestone.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from milepost.foundation.identity.access import Actor

A_FEW = 3
"""Of one kind, for one milestone."""


@dataclass(frozen=True, slots=True)
class Help:
    """Something that helps with one milestone. `address`: below the community's own, as in "events/first-gig/"."""

    milestone: uuid.UUID
    title: str
    address: str
    text: str = ""
    at: datetime.datetime | None = None
    """When it takes place, for what has a time."""
    minutes: int | None = None
    """How long it takes, where that is known."""


@dataclass(frozen=True, slots=True)
class Helping:
    """A kind of thing that helps, and who knows of it."""

    kind: str
    label: str | Promise
    """Of many: "Events"."""
    icon: str
    find: Callable[[Actor, Sequence[uuid.UUID]], Iterable[Help]]


_kinds: dict[str, Helping] = {}
_loaded = False


def helps(
    kind: str, label: str | Promise, *, icon: str, find: Callable[[Actor, Sequence[uuid.UUID]], Iterable[Help]]
) -> None:
    """Register a kind; the same one twice is an error."""
    if kind in _kinds:
        raise ValueError(f"{kind} is known to help already")
    _kinds[kind] = Helping(kind, label, icon, find)


def helpings() -> list[Helping]:
    global _loaded
    if not _loaded:
        _loaded = True
        autodiscover_modules("helping")
    return list(_kinds.values())


def found(actor: Actor, milestones: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[tuple[Helping, list[Help]]]]:
    """For each of the milestones what helps with it, by kind; kinds without anything are left out."""
    made: dict[uuid.UUID, list[tuple[Helping, list[Help]]]] = {ident: [] for ident in milestones}
    if not milestones:
        return made
    for helping in helpings():
        of_each: dict[uuid.UUID, list[Help]] = {}
        for one in helping.find(actor, milestones):
            of_each.setdefault(one.milestone, []).append(one)
        for ident, listed in of_each.items():
            if ident in made:
                made[ident].append((helping, listed[:A_FEW]))
    return made
