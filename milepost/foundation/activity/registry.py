"""The verbs that the log may hold. Each app registers its own in `verbs.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

_FORM = re.compile(r"^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$")


@dataclass(frozen=True, slots=True)
class Verb:
    """One kind of thing that happens: `noun.past_tense`."""

    name: str
    label: str | Promise
    """A sentence about the actor, "started a thread"."""
    icon: str = "dot"
    objects: bool = False
    """Whether rules may ask about its object and its other person: it is counted in member-object-day."""
    external: bool = False
    """Whether tools outside may write it through the API or a table import."""
    public: bool = True
    """Whether members see it on the log page and in profiles; False: stewards only."""
    personal: tuple[str, ...] = ()
    """Keys of `data` that say something about a person: emptied at erasure and after `keep_days`."""
    keep_days: int | None = None
    """How long the personal keys are kept; None: as long as the row."""
    link: Callable[[Any], str] | None = None


_verbs: dict[str, Verb] = {}


def verb(name: str, label: str | Promise, **options: Any) -> Verb:
    """Register a verb; the same name twice is an error."""
    if not _FORM.match(name):
        raise ValueError(f"{name} is no verb: write noun.past_tense")
    if name in _verbs:
        raise ValueError(f"{name} is registered already")
    _verbs[name] = made = Verb(name, label, **options)
    return made


def verbs() -> dict[str, Verb]:
    return _verbs


def known(name: str) -> Verb:
    """The verb, or a ValueError that says so."""
    try:
        return _verbs[name]
    except KeyError:
        raise ValueError(f"“{name}” is no registered verb") from None


def external_verbs() -> list[str]:
    return sorted(v.name for v in _verbs.values() if v.external)
