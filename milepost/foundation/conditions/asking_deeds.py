"""Lines about deeds: {"did": …}, and about dated references, which are counted in the same way."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from milepost.foundation.activity import registry as log

from . import leaves, registry, words
from .durations import Duration, duration
from .language import ANYTHING, Clause, Reading, only
from .leaves import SCALE, Dated, Deeds, Group, Part, Source, Term
from .problems import Place, instead, shown

ROLES = ("actor", "recipient")
COUNTS = ("at_least", "at_most", "exactly")
ENDS = ("first_before", "first_after", "last_before", "last_after")
MEASURES = {
    "days_at_least": leaves.DAYS,
    "quantity_at_least": leaves.QUANTITY,
    "distinct_objects_at_least": leaves.OBJECTS,
    "distinct_people_at_least": leaves.PEOPLE,
    "streak_weeks_at_least": leaves.WEEKS,
}
TIMES = ("within", "from", "to")
OPTIONS = {*COUNTS, *ENDS, *TIMES}
HIGHEST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """When it counts: between two days, those included, or in the last so many days."""

    since: datetime.date | None = None
    until: datetime.date | None = None
    within: Duration | None = None


def did(value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    only(value, {"did", "role", "in", "after_pause", "newcomers", *OPTIONS, *MEASURES}, place)
    with place.counting() as found:
        verbs = _verbs(value["did"], place.at("did"))
        role = value.get("role", "actor")
        if role not in ROLES:
            place.at("role").wrong(
                _("%(name)s is no role in a deed. %(instead)s") % {"name": shown(role), "instead": instead(role, ROLES)}
            )
        deeds = Deeds(verbs, received=role == "recipient", zone=reading.community.time_zone)
        tree: dict[str, Any] = {"did": (verbs[0] if len(verbs) == 1 else list(verbs)) if verbs else ANYTHING}
        if deeds.received:
            tree["role"] = "recipient"
        deeds, where = _inside(value, place, deeds, tree, reading)
        if (newcomers := _length(value, "newcomers", place)) is not None:
            tree["newcomers"], deeds = str(newcomers), replace(deeds, newcomers=newcomers.days)
        pause = _length(value, "after_pause", place)
        if pause is not None:
            tree["after_pause"] = str(pause)
        terms = _terms(value, place, deeds, tree, pause)
        _must_have_objects(value, verbs, deeds, place)
    if found[0]:
        return None
    reading.verbs |= set(verbs) or {ANYTHING}
    part: Part = terms[0] if len(terms) == 1 else Group("all", tuple(terms))
    return Clause(
        tree, part, lambda negated: words.did(tree, [log.known(v) for v in verbs], where, negated), (), place.path
    )


def dated(ref: registry.Reference, value: dict[str, Any], target: Any, place: Place, reading: Reading) -> Clause | None:
    """A reference with history."""
    only(value, {ref.key, *OPTIONS}, place)
    slug = value[ref.key]
    source = Dated(ref.rows(target), f"{ref.key}:{slug}") if target is not None else Dated(leaves.NO_ROWS, "")
    tree: dict[str, Any] = {ref.key: slug}
    with place.counting() as found:
        terms = _terms(value, place, source, tree, None)
    if found[0] or target is None:
        return None
    if tree.get("at_least") == 1:
        del tree["at_least"]
    part: Part = terms[0] if len(terms) == 1 else Group("all", tuple(terms))
    name = str(target)
    return Clause(tree, part, lambda negated: words.dated(ref, name, tree, negated), (), place.path)


# --- what was done, and to what ----------------------------------------------------------------------


def _verbs(given: Any, place: Place) -> tuple[str, ...]:
    """Sorted and each once; empty for anything at all."""
    if given == ANYTHING:
        return ()
    names = given if isinstance(given, list) else [given]
    if not names:
        place.wrong(_("This list is empty. Name at least one verb, or “*” for anything."))
    known = log.verbs()
    for n, name in enumerate(names):
        if not isinstance(name, str) or name not in known:
            (place.at(n) if isinstance(given, list) else place).wrong(
                _("%(name)s is no verb of the log. %(instead)s")
                % {"name": shown(name), "instead": instead(name, known, most=60)}
            )
    return tuple(sorted({name for name in names if isinstance(name, str)}))


def _inside(
    value: dict[str, Any], place: Place, deeds: Deeds, tree: dict[str, Any], reading: Reading
) -> tuple[Deeds, dict[str, str]]:
    """`deeds` narrowed by “in”; with the names of what they are narrowed to, for the words."""
    if "in" not in value:
        return deeds, {}
    given, below, community = value["in"], place.at("in"), reading.community
    if not isinstance(given, dict) or not given:
        below.wrong(_("“in” takes an object like %(example)s.") % {"example": '{"space": "music"}'})
        return deeds, {}
    only(given, {"space", "object", "tag"}, below)
    named: dict[str, str] = {}
    if (slug := given.get("space")) is not None:
        found = registry.space(community, slug) if isinstance(slug, str) else None
        labels = dict(registry.spaces(community))
        if found is None:
            below.at("space").wrong(_no("space", slug, labels))
        deeds, named["space"] = replace(deeds, space=found), labels.get(str(slug), str(slug))
    if (name := given.get("object")) is not None:
        thing = registry.object_of(community, name) if isinstance(name, str) else None
        if thing is None:
            kinds = ", ".join(f"“{kind}:…”" for kind in registry.object_kinds())
            below.at("object").wrong(
                _("There is no object %(name)s here. Write its id, or its kind and slug (%(kinds)s).")
                % {"name": shown(name), "kinds": kinds or _("no kind has slugs yet")}
            )
        deeds, named["object"] = replace(deeds, object=thing), str(name)
    if (tag := given.get("tag")) is not None:
        tagged = registry.tagged(community, tag) if isinstance(tag, str) else None
        labels = dict(registry.tags(community))
        if tagged is None:
            below.at("tag").wrong(_no("tag", tag, labels))
        deeds, named["tag"] = replace(deeds, tagged=tagged), labels.get(str(tag), str(tag))
    tree["in"] = {key: given[key] for key in ("space", "object", "tag") if key in given}
    return deeds, named


def _no(what: str, name: Any, known: dict[str, str]) -> str:
    text = {
        "space": _("There is no space %(name)s here. %(instead)s"),
        "tag": _("There is no tag %(name)s here. %(instead)s"),
    }
    return text[what] % {"name": shown(name), "instead": instead(name, known)}


def _must_have_objects(value: dict[str, Any], verbs: tuple[str, ...], deeds: Deeds, place: Place) -> None:
    """Only some verbs are counted with their objects, spaces and other people."""
    wants: list[str] = [
        key for key in ("distinct_objects_at_least", "distinct_people_at_least", "in", "newcomers") if key in value
    ]
    if deeds.received:
        wants.append("role")
    counted = sorted(name for name, verb in log.verbs().items() if verb.objects)
    without = [verb for verb in verbs if verb in log.verbs() and verb not in counted]
    if wants and without:
        place.at(wants[0]).wrong(
            _("%(verb)s is counted by day only, not by what or whom it was about. These are: %(verbs)s.")
            % {"verb": f"“{without[0]}”", "verbs": ", ".join(f"“{verb}”" for verb in counted)}
        )


# --- how many, and when --------------------------------------------------------------------------------


def _terms(
    value: dict[str, Any], place: Place, source: Source, tree: dict[str, Any], pause: Duration | None
) -> list[Term]:
    """One term for each thing that is counted; `tree` gets the canonical form of each."""
    before = len(place.problems)
    span = _span(value, place, tree)
    if len(place.problems) > before:
        return []
    base = Term(source, since=span.since, until=span.until, window=span.within.days if span.within else None)
    if pause is not None:
        base = replace(base, measure=leaves.RETURNS, length=pause.days)
        for key in (*MEASURES, *ENDS):
            if key in value:
                place.at(key).wrong(_("“after_pause” counts returns only. Put this into a line of its own."))
    found = [
        *_counted(value, place, base, tree),
        *_measured(value, place, base, tree),
        *_ended(value, place, base, tree),
    ]
    if not found:
        tree["at_least"] = 1
        found = [base]
    return found


def _span(value: dict[str, Any], place: Place, tree: dict[str, Any]) -> Span:
    within = _length(value, "within", place)
    since, until = _date(value, "from", place), _date(value, "to", place)
    if within is not None and ("from" in value or "to" in value):
        place.at("within").wrong(_("“within” and “from” or “to” stand together. Keep one of the two."))
    if since and until and since > until:
        place.at("to").wrong(_("This is before “from”, so it can never be."))
    if within is not None:
        tree["within"] = str(within)
    if since:
        tree["from"] = since.isoformat()
    if until:
        tree["to"] = until.isoformat()
    return Span(since, until, within)


def _counted(value: dict[str, Any], place: Place, base: Term, tree: dict[str, Any]) -> list[Term]:
    exactly = _whole(value, "exactly", place, lowest=0)
    low, high = _whole(value, "at_least", place, lowest=1), _whole(value, "at_most", place, lowest=0)
    if "exactly" in value and ("at_least" in value or "at_most" in value):
        place.at("exactly").wrong(_("“exactly” stands with “at_least” or “at_most”. Keep one of them."))
    if low is not None and high is not None and low > high:
        place.at("at_most").wrong(
            _("This contradicts itself: at least %(low)d, and at most %(high)d.") % {"low": low, "high": high}
        )
    for key in COUNTS:
        if key in value:
            tree[key] = value[key]
    if exactly is not None:
        return [replace(base, low=exactly, high=exactly)]
    if low is None and high is None:
        return []
    return [replace(base, low=low or 0, high=high)]


def _measured(value: dict[str, Any], place: Place, base: Term, tree: dict[str, Any]) -> list[Term]:
    found = []
    for key, measure in MEASURES.items():
        if key not in value:
            continue
        if measure == leaves.QUANTITY:
            amount = _quantity(value[key], place.at(key))
            if amount is not None:
                found.append(replace(base, measure=measure, low=int(amount * SCALE)))
        elif (n := _whole(value, key, place, lowest=1)) is not None:
            if measure == leaves.WEEKS:
                found.append(replace(base, measure=measure, length=n))
            else:
                found.append(replace(base, measure=measure, low=n))
        tree[key] = value[key]
    return found


def _ended(value: dict[str, Any], place: Place, base: Term, tree: dict[str, Any]) -> list[Term]:
    """When it was first or last done, said by what was done before or after that day."""
    found: list[Term] = []
    one = datetime.timedelta(days=1)
    for key in ENDS:
        if key not in value:
            continue
        if any(other in value for other in TIMES):
            place.at(key).wrong(
                _("This looks at all time. Leave “within”, “from” and “to” out, or make it a line of its own.")
            )
        edge = _date(value, key, place)
        if edge is None:
            continue
        tree[key] = edge.isoformat()
        if key == "first_before":
            found.append(replace(base, until=edge - one))
        elif key == "last_after":
            found.append(replace(base, since=edge + one))
        elif key == "first_after":
            found += [replace(base, since=edge + one), replace(base, until=edge, low=0, high=0)]
        else:
            found += [replace(base, until=edge - one), replace(base, since=edge, low=0, high=0)]
    return found


# --- values -------------------------------------------------------------------------------------------


def _whole(value: dict[str, Any], key: str, place: Place, *, lowest: int) -> int | None:
    if key not in value:
        return None
    n = value[key]
    if isinstance(n, bool) or not isinstance(n, int) or not lowest <= n <= HIGHEST:
        place.at(key).wrong(
            _("%(value)s is no whole number from %(lowest)d on.") % {"value": shown(n), "lowest": lowest}
        )
        return None
    return n


def _quantity(given: Any, place: Place) -> Decimal | None:
    amount = Decimal(repr(given)) if isinstance(given, int | float) and not isinstance(given, bool) else None
    if amount is None or not amount.is_finite() or not 0 < amount <= HIGHEST or amount * SCALE % 1:
        place.wrong(
            _("%(value)s is no amount. Write a number above 0 with at most 4 decimals.") % {"value": shown(given)}
        )
        return None
    return amount


def _length(value: dict[str, Any], key: str, place: Place) -> Duration | None:
    if key not in value:
        return None
    found = duration(value[key])
    if found is not None:
        # A window is as long wherever it stands.
        return Duration(0, found.as_days)
    place.at(key).wrong(
        _("%(value)s is no length of time. Write days, weeks, months or years, like “P90D”, “P12W”, “P6M” or “P1Y”.")
        % {"value": shown(value[key])}
    )
    return None


def _date(value: dict[str, Any], key: str, place: Place) -> datetime.date | None:
    return day_of(value[key], place.at(key)) if key in value else None


def day_of(given: Any, place: Place) -> datetime.date | None:
    try:
        found = datetime.date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2999:
        place.wrong(_("%(value)s is no day. Write it like “2026-05-31”.") % {"value": shown(given)})
        return None
    return found
