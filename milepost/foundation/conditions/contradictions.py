"""Rules that nobody can ever meet: found where they can be, and refused with the place."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.utils.translation import gettext as _

from .language import Clause
from .leaves import QUANTITY, Group, Term
from .problems import Problem


def contradictions(clause: Clause) -> list[Problem]:
    """Of the rule and of each group in it."""
    found: list[Problem] = []
    if "all" in clause.tree:
        found += _of_all(list(_flat(clause)))
    if not found:
        for part in clause.parts:
            found += contradictions(part)
    return found


def _flat(clause: Clause) -> Iterator[Clause]:
    """What must hold together, through groups of `all`, of one part, and doubly negated ones in each other."""
    tree = clause.tree
    if "all" in tree or ("any" in tree and len(clause.parts) == 1):
        for part in clause.parts:
            yield from _flat(part)
    elif "not" in tree and "not" in tree["not"]:
        yield from _flat(clause.parts[0].parts[0])
    else:
        yield clause


def _of_all(parts: list[Clause]) -> list[Problem]:
    """The first pair that cannot hold at once."""
    for n, one in enumerate(parts):
        for earlier in parts[:n]:
            if _opposite(earlier, one) or _two_values(earlier, one) or _too_few(earlier, one):
                return [
                    Problem(
                        one.path,
                        _("This contradicts %(place)s, so nobody can ever meet both: “%(one)s” and “%(other)s”.")
                        % {"place": earlier.path, "one": earlier.say(False), "other": one.say(False)},
                        earlier.path,
                    )
                ]
    return []


def _opposite(one: Clause, other: Clause) -> bool:
    first, second = _text(one), _text(other)
    return _text_of_not(one) == second or _text_of_not(other) == first


def _text(clause: Clause) -> str:
    return json.dumps(clause.tree, sort_keys=True)


def _text_of_not(clause: Clause) -> str:
    return json.dumps(clause.tree["not"], sort_keys=True) if "not" in clause.tree else ""


def _two_values(one: Clause, other: Clause) -> bool:
    """One attribute cannot be two things."""
    first, second = _only_value(one), _only_value(other)
    return bool(first and second and first[0] == second[0] and not set(first[1]) & set(second[1]))


def _only_value(clause: Clause) -> tuple[str, list[str]] | None:
    tree = clause.tree
    if "attribute" in tree:
        if "is" in tree:
            return str(tree["attribute"]), [json.dumps(tree["is"]).lower()]
        if "in" in tree:
            return str(tree["attribute"]), [json.dumps(value).lower() for value in tree["in"]]
    elif len(tree) == 1 and tree.keys() & {"role", "audience", "engagement"}:
        name, value = next(iter(tree.items()))
        return str(name), [json.dumps(value).lower()]
    return None


def _too_few(one: Clause, other: Clause) -> bool:
    """At least three in a month, and at most two in a year."""
    return any(_exceeds(first, second) or _exceeds(second, first) for first in _terms(one) for second in _terms(other))


def _terms(clause: Clause) -> list[Term]:
    part = clause.part
    if isinstance(part, Term):
        return [part]
    if isinstance(part, Group) and part.kind == "not" and isinstance(part.parts[0], Term):
        term = part.parts[0]
        if term.low > 0 and term.high is None and term.measure != QUANTITY:
            return [
                Term(
                    term.source, term.measure, 0, term.low - 1, term.since, term.until, term.window, length=term.length
                )
            ]
    if isinstance(part, Group) and part.kind == "all":
        return [term for term in part.parts if isinstance(term, Term)]
    return []


def _exceeds(many: Term, few: Term) -> bool:
    """Whether what `many` wants at least is more than `few` allows in a time that holds all of it."""
    if few.high is None or many.low <= few.high:
        return False
    if (many.source, many.measure, many.length) != (few.source, few.measure, few.length):
        return False
    starts = few.since is None or (many.since is not None and many.since >= few.since)
    ends = few.until is None or (many.until is not None and many.until <= few.until)
    inside = few.window is None or (many.window is not None and many.window <= few.window)
    return starts and ends and inside
