"""What a moment says: a sentence of the community's own, as a Liquid template, or ours.

A template gets plain words and numbers, nothing else, and only `if`, `unless`, `case` and output: it can reach no object, no
file and no other template, and cannot run for long. Whatever else it tries is refused when it is written, with its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError

from milepost.domain.paths.models import Milestone
from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community, Person

from .models import Moment, Wording

LONGEST = 600
"""Characters of a template."""
MOST = 2_000
"""Characters that it may say."""
TAGS = frozenset({"if", "unless", "case"})
FILTERS = frozenset(
    {"append", "capitalize", "default", "downcase", "prepend", "strip", "truncate", "upcase", "plus", "minus"}
)
Kind = Moment.Kind
NAMES: dict[str, tuple[str, ...]] = {
    Kind.REACHED: ("name", "count", "milestone", "day", "community"),
    Kind.STEPS: ("name", "count", "milestone", "day", "community"),
    Kind.CATCH_UP: ("name", "count", "milestone", "community"),
    Kind.ANNIVERSARY: ("name", "count", "milestone", "years", "community"),
    Kind.LANDMARK: ("landmark", "number", "unit", "day", "community"),
}
"""What a template of each kind may say."""


class _Small(Environment):
    """What one sentence may cost."""

    output_stream_limit = MOST
    loop_iteration_limit = 1
    context_depth_limit = 4


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = _Small(undefined=StrictUndefined)
    for name in list(made.tags):
        if name not in TAGS | {"illegal", "content", "output"}:
            del made.tags[name]
    for name in list(made.filters):
        if name not in FILTERS:
            del made.filters[name]
    return made


@lru_cache(maxsize=1024)
def _template(text: str) -> BoundTemplate:
    return _environment().from_string(text)


def validate(text: str, kind: str) -> str:
    """The template as it may be kept. DomainError that says what it tries and what there is."""
    text = " ".join(text.split())
    if not text:
        raise DomainError(_("A wording needs words."))
    if len(text) > LONGEST:
        raise DomainError(_("A wording has at most %(most)d characters.") % {"most": LONGEST})
    known = NAMES[kind]
    try:
        template = _template(text)
        asked = [str(place) for places in template.analyze().variables.values() for place in places]
        for name in asked:
            if name not in known:
                raise _unknown(name, known)
        template.render(**_example(kind))
    except LiquidError as error:
        raise DomainError(
            _("This wording cannot be read: %(why)s.") % {"why": str(error).partition("\n")[0].rstrip(".")},
            _("Write {{ name }} for a name; “if”, “unless” and “case” are all that a wording may do besides."),
        ) from error
    return text


def _unknown(name: str, known: tuple[str, ...]) -> DomainError:
    words = ", ".join(f"{{{{ {one} }}}}" for one in known)
    return DomainError(
        _("“%(name)s” is nothing that a wording can reach.") % {"name": name},
        _("There are: %(words)s.") % {"words": words},
    )


def _example(kind: str) -> dict[str, Any]:
    return {name: 3 if name in {"count", "years"} else f"<{name}>" for name in NAMES[kind]}


def say(text: str, values: Mapping[str, Any]) -> str:
    """The words, as plain text. Empty where a template that was kept fails after all: ours is said then."""
    plain = {name: value if isinstance(value, int) else str(value) for name, value in values.items()}
    try:
        return " ".join(_template(text).render(**plain).split())
    except LiquidError:
        return ""


def preview(text: str, kind: str, values: Mapping[str, Any]) -> str:
    """What it would say. DomainError for what may not be kept."""
    return say(validate(text, kind), values)


def ours(kind: str, values: Mapping[str, Any]) -> str:
    """What is said where a community has no words of its own."""
    match kind:
        case Kind.LANDMARK:
            return _("Together we reached it: %(landmark)s.") % values
        case Kind.ANNIVERSARY:
            years = values["years"]
            if not years:
                return _("On this day in earlier years: %(name)s, %(milestone)s.") % values
            said = ngettext(
                "%(years)s year ago: %(name)s, %(milestone)s.", "%(years)s years ago: %(name)s, %(milestone)s.", years
            )
            return said % values
        case Kind.STEPS:
            return _("Small steps of %(name)s: %(milestone)s.") % values
        case Kind.CATCH_UP:
            return _("What %(name)s had already reached: %(milestone)s.") % values
        case _:
            return _("%(name)s reached %(milestone)s.") % values


def write(
    *, community: Community, kind: str, text: str, by: Person | None, milestone: Milestone | None = None
) -> Wording | None:
    """A steward chooses the words for a milestone (`reached` only), or for all moments of a kind; empty: ours again. Audited.

    DomainError for a template that cannot be kept, with what it tried.
    """
    check(by, "celebrations.write", community)
    if kind not in NAMES or (milestone is not None and kind != Kind.REACHED):
        raise DomainError(_("There are no words for that."))
    if milestone is not None and milestone.community_id != community.pk:
        raise DomainError(_("This milestone belongs to another community."))
    kept = validate(text, kind) if text.strip() else ""
    there = Wording.objects.filter(community=community, kind=kind, milestone=milestone)
    with transaction.atomic():
        before = there.select_for_update().first()
        said = before.text if before else ""
        if said == kept:
            return before
        trace("wording.changed", community=community, by=by, obj=milestone or before, changes={kind: [said, kept]})
        if not kept:
            there.delete()
            return None
        made = before or Wording(community=community, kind=kind, milestone=milestone)
        made.text, made.changed_at = kept, clock.now()
        made.save()
        return made


def of(community: Community) -> dict[tuple[str, Any], str]:
    """The community's own words by kind and milestone (None: all of that kind)."""
    rows = Wording.objects.filter(community=community).values_list("kind", "milestone_id", "text")
    return {(kind, milestone): text for kind, milestone, text in rows}
