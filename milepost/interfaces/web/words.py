"""Figures as sentences, said the same way on every page."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from milepost.engines.milestones.floor import FLOOR, SPLITS_FROM, may_show
from milepost.interfaces.web.times import figure


def of(value: float, target: float) -> str:
    """As in "143 of 200"."""
    return gettext("%(value)s of %(target)s") % {"value": figure(value), "target": figure(target)}


def reached(count: int, members: int, *, steward: bool = False) -> str:
    """How many reached something, as far as the privacy floor lets it be said."""
    if count == 0:
        return gettext("nobody yet")
    if may_show(count, members, steward=steward):
        return ngettext("%(count)s of us", "%(count)s of us", count) % {"count": figure(count)}
    if members < SPLITS_FROM:
        return gettext("counted once we are %(members)s") % {"members": SPLITS_FROM}
    if count < FLOOR:
        return gettext("fewer than %(floor)s of us") % {"floor": FLOOR}
    return gettext("nearly all of us")


def so_many(count: int) -> str:
    """How many of a persona reached something, where it may be said."""
    if count == 0:
        return gettext("nobody yet")
    return ngettext("%(count)s reached it", "%(count)s reached it", count) % {"count": figure(count)}
