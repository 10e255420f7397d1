"""Rules in plain words, in the language of the moment."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .durations import duration

if TYPE_CHECKING:
    from milepost.foundation.activity.registry import Verb

    from .registry import Reference


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def date(day: datetime.date) -> str:
    return formats.date_format(day, "DATE_FORMAT")


def listed(words: Sequence[str], *, all_of: bool = False) -> str:
    """“a”, “b” or “c”; with `all_of`: “a”, “b” and “c”."""
    if len(words) == 1:
        return words[0]
    values = {"first": ", ".join(words[:-1]), "last": words[-1]}
    return (_("%(first)s and %(last)s") if all_of else _("%(first)s or %(last)s")) % values


def group(kind: str, parts: Sequence[tuple[Callable[[bool], str], bool]], negated: bool) -> str:
    """Not all of it is any not, and the other way round, so a negated group is said by its negated parts.

    `parts`: how each is said, and whether it is a group itself; those are told apart by brackets.
    """
    said = [part(negated) for part, _is_group in parts]
    if len(said) == 1:
        return said[0]
    said = [f"({one})" if is_group else one for one, (_part, is_group) in zip(said, parts, strict=True)]
    joint = (kind == "all") != negated
    if joint:
        return _(", ").join(said[:-1]) + _(" and ") + said[-1]
    return _("either %(parts)s") % {"parts": _(", ").join(said[:-1]) + _(" or ") + said[-1]}


def attribute(label: str, operator: str, value: str, *, negated: bool = False) -> str:
    if operator == "is_not":
        operator, negated = "is", not negated
    text = {
        ("is", False): _("%(field)s is %(value)s"),
        ("is", True): _("%(field)s is not %(value)s"),
        ("in", False): _("%(field)s is %(value)s"),
        ("in", True): _("%(field)s is not %(value)s"),
        ("contains", False): _("%(field)s contains %(value)s"),
        ("contains", True): _("%(field)s does not contain %(value)s"),
        ("contains_any", False): _("%(field)s contains %(value)s"),
        ("contains_any", True): _("%(field)s contains neither of %(value)s"),
        ("contains_all", False): _("%(field)s contains %(value)s"),
        ("contains_all", True): _("%(field)s does not contain all of %(value)s"),
        ("starts_with", False): _("%(field)s starts with %(value)s"),
        ("starts_with", True): _("%(field)s does not start with %(value)s"),
        ("before", False): _("%(field)s is before %(value)s"),
        ("before", True): _("%(field)s is not before %(value)s"),
        ("after", False): _("%(field)s is after %(value)s"),
        ("after", True): _("%(field)s is not after %(value)s"),
        ("at_least", False): _("%(field)s is at least %(value)s"),
        ("at_least", True): _("%(field)s is less than %(value)s"),
        ("at_most", False): _("%(field)s is at most %(value)s"),
        ("at_most", True): _("%(field)s is more than %(value)s"),
        ("more_than", False): _("%(field)s is more than %(value)s"),
        ("more_than", True): _("%(field)s is at most %(value)s"),
        ("less_than", False): _("%(field)s is less than %(value)s"),
        ("less_than", True): _("%(field)s is at least %(value)s"),
        ("at_least_ago", False): _("%(field)s is at least %(value)s ago"),
        ("at_least_ago", True): _("%(field)s is not yet %(value)s ago"),
        ("less_than_ago", False): _("%(field)s is less than %(value)s ago"),
        ("less_than_ago", True): _("%(field)s is not within the past %(value)s"),
        ("is_empty", False): _("%(field)s is not filled in"),
        ("is_empty", True): _("%(field)s is filled in"),
    }
    return text[operator, negated] % {"field": label.lower() if label[1:2].islower() else label, "value": value}


def reference(label: str, name: str) -> str:
    return _("%(label)s “%(name)s”") % {"label": label, "name": name}


def dated(ref: Reference, name: str, tree: dict[str, Any], negated: bool) -> str:
    """has reached “First gig” at least 3 times in the past 90 days"""
    said = reference(str(ref.unlabel if negated else ref.label), name)
    return " ".join([said, *_how_many(tree), *_when(tree)])


def did(tree: dict[str, Any], verbs: Sequence[Verb], where: dict[str, str], negated: bool) -> str:
    """started a conversation at least 3 times in the past 90 days"""
    what = listed([str(verb.label) for verb in verbs]) if verbs else _("did anything at all")
    if tree.get("role") == "recipient":
        what = _("was given by others (“%(what)s”)") % {"what": what}
    rest = [*_toward(tree, where), *_when(tree)]
    counted = set(tree) - {"did", "role", "in", "newcomers", "within", "from", "to"}
    never = not negated and (tree.get("exactly") == 0 or (counted == {"at_most"} and tree["at_most"] == 0))
    if never or (negated and counted == {"at_least"} and tree["at_least"] == 1):
        return " ".join([_("never %(what)s") % {"what": what}, *rest])
    if negated and counted == {"at_least"}:
        n = tree["at_least"]
        fewer = ngettext("fewer than %(n)d time", "fewer than %(n)d times", n) % {"n": n}
        return " ".join([what, fewer, *rest])
    said = " ".join([what, *_how_many(tree), *rest])
    return _("not (%(what)s)") % {"what": said} if negated else said


def _how_many(tree: dict[str, Any]) -> list[str]:
    said = []
    low, high, exactly = tree.get("at_least"), tree.get("at_most"), tree.get("exactly")
    if exactly is not None:
        said.append(ngettext("exactly %(n)d time", "exactly %(n)d times", exactly) % {"n": exactly})
    elif high is not None and low is not None:
        said.append(_("%(low)d to %(high)d times") % {"low": low, "high": high})
    elif high is not None:
        said.append(ngettext("at most %(n)d time", "at most %(n)d times", high) % {"n": high})
    elif low is not None and low > 1:
        said.append(ngettext("at least %(n)d time", "at least %(n)d times", low) % {"n": low})
    if n := tree.get("days_at_least"):
        said.append(ngettext("on at least %(n)d day", "on at least %(n)d different days", n) % {"n": n})
    if n := tree.get("quantity_at_least"):
        said.append(_("at least %(n)s in all") % {"n": formats.number_format(n)})
    if n := tree.get("distinct_objects_at_least"):
        said.append(ngettext("about at least %(n)d thing", "about at least %(n)d different things", n) % {"n": n})
    if n := tree.get("distinct_people_at_least"):
        said.append(ngettext("with at least %(n)d other person", "with at least %(n)d different people", n) % {"n": n})
    if n := tree.get("streak_weeks_at_least"):
        said.append(ngettext("in at least %(n)d week", "in at least %(n)d weeks in a row", n) % {"n": n})
    if length := duration(tree.get("after_pause")):
        said.append(_("after a pause of at least %(length)s") % {"length": length.say()})
    return said


def _toward(tree: dict[str, Any], where: dict[str, str]) -> list[str]:
    said = []
    if name := where.get("space"):
        said.append(_("in the space “%(name)s”") % {"name": name})
    if name := where.get("object"):
        said.append(_("about “%(name)s”") % {"name": name})
    if name := where.get("tag"):
        said.append(_("tagged “%(name)s”") % {"name": name})
    if length := duration(tree.get("newcomers")):
        said.append(_("toward people who had come less than %(length)s before") % {"length": length.say()})
    return said


def _when(tree: dict[str, Any]) -> list[str]:
    days = {key: date(datetime.date.fromisoformat(tree[key])) for key in tree if key in _DAYS}
    said = []
    if length := duration(tree.get("within")):
        said.append(_("in the past %(length)s") % {"length": length.say()})
    if "from" in days and "to" in days:
        said.append(_("between %(from)s and %(to)s") % days)
    elif "from" in days:
        said.append(_("since %(from)s") % days)
    elif "to" in days:
        said.append(_("up to %(to)s") % days)
    for key, text in (
        ("first_before", _("for the first time before %(day)s")),
        ("first_after", _("for the first time after %(day)s")),
        ("last_before", _("for the last time before %(day)s")),
        ("last_after", _("for the last time after %(day)s")),
    ):
        if key in days:
            said.append(text % {"day": days[key]})
    return said


_DAYS = {"from", "to", "first_before", "first_after", "last_before", "last_after"}
