"""Sentences of home that depend on a number."""

from __future__ import annotations

import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from milepost.engines.milestones.bearings import Bearings, Stone
from milepost.interfaces.web import times
from milepost.interfaces.web import words as shared


def so_far(milestones: int) -> str:
    """How many milestones lie behind."""
    if milestones == 0:
        return _("your first milestone is ahead")
    return ngettext("%(count)d milestone behind you", "%(count)d milestones behind you", milestones) % {
        "count": milestones
    }


def how_many(now: Bearings, stone: Stone) -> str:
    if stone.reached == 0:
        return _("Nobody of us has reached it yet. You could be the first.")
    return _("Reached by %(how_many)s.") % {"how_many": shared.reached(stone.reached, now.members)}


def joined(moment: datetime.datetime) -> SafeString:
    before, _mark, after = _("joined %(when)s").partition("%(when)s")
    return format_html("{}{}{}", before, times.ago(moment), after)


def conversations(count: int) -> str:
    return ngettext("%(count)s conversation", "%(count)s conversations", count) % {"count": times.figure(count)}
