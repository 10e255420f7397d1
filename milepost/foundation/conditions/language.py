"""The rule language: from a JSON tree to a condition that can be asked, or to what is wrong with it and where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from . import registry, words
from .leaves import NOTHING, Among, Group, Part, Term, holds_idle, leaves
from .problems import Invalid, Place, Problem, instead, shown
from .sql import Sql

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

DEEPEST = 12
"""Groups inside groups."""
MOST = 100
"""Lines of one rule."""
LONGEST = 200_000
"""Bytes of a rule as text."""
BELONGING = frozenset({"member.joined", "member.left"})
ANYTHING = "*"


@dataclass(frozen=True, slots=True)
class Clause:
    """One line or group: in its canonical form, as what it comes down to, and in words (`say(negated)`)."""

    tree: dict[str, Any]
    part: Part
    say: Callable[[bool], str]
    parts: tuple[Clause, ...] = ()
    path: str = ""


@dataclass(slots=True)
class Reading:
    """What the parser knows and gathers while it reads one rule."""

    community: Community
    verbs: set[str] = field(default_factory=set)
    references: set[tuple[str, str]] = field(default_factory=set)
    lines: int = 0
    sensitive: bool = False
    _fields: dict[str, registry.Field] | None = None

    @property
    def fields(self) -> dict[str, registry.Field]:
        if self._fields is None:
            self._fields = registry.fields(self.community)
        return self._fields


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule that can be asked. `tree` is canonical JSON; equal rules have an equal `hash`, in whatever order they were written."""

    tree: dict[str, Any]
    hash: str
    part: Part
    clause: Clause
    verbs: frozenset[str]
    """What changes its answer for whoever did it, or for whom it was done; “*” where anything may."""
    references: frozenset[tuple[str, str]]
    """(key, slug) of all that it names: ("reached", "first-gig"), ("in_segment", "staff")."""
    is_sensitive: bool = False
    """Whether it asks what only people themselves say; counts below the privacy floor are then not told."""

    def explain(self) -> str:
        """In plain words, in the language of the moment."""
        return words.sentence(self.clause.say(False))

    @property
    def is_timed(self) -> bool:
        """Whether its answer changes by time alone; see `next_days`."""
        return any(isinstance(leaf, Term) and (leaf.window or leaf.shifted) for leaf in leaves(self.part))

    @property
    def is_dated(self) -> bool:
        """Whether all of it has history; else parts of it hold as of now."""
        return all(isinstance(leaf, Term) for leaf in leaves(self.part))

    @property
    def terms(self) -> list[Term]:
        """Its counted leaves, for whoever looks for the evidence."""
        return [leaf for leaf in leaves(self.part) if isinstance(leaf, Term)]


def parse(tree: Any, *, community: Community, owner: tuple[str, str] | None = None) -> Condition:
    """The condition that the JSON tree says. Raises Invalid with every problem found.

    `owner` is the reference that the rule belongs to, ("in_segment", "staff") or ("reached", "first-gig"): a rule that comes
    back to itself through what it names is refused.
    """
    reading, place = Reading(community), Place()
    clause = node(tree, place, reading)
    if not place.problems and clause is not None:
        from .contradictions import contradictions

        place.problems += contradictions(clause)
        if owner is not None:
            from .circles import circles

            place.problems += circles(clause, owner, community)
    if place.problems or clause is None:
        raise Invalid(place.problems or [Problem("", _("Write a rule."))])
    return _made(clause, reading)


def read(text: str | bytes) -> Any:
    """The tree that the text holds. Raises Invalid for what is no JSON, too long, or nested without end."""
    if len(text) > LONGEST:
        raise Invalid(
            [
                Problem(
                    "",
                    _("A rule has at most %(most)d characters; this one has %(n)d.")
                    % {"most": LONGEST, "n": len(text)},
                )
            ]
        )
    try:
        return json.loads(text)
    except RecursionError:
        raise Invalid(
            [Problem("", _("Groups lie in groups without end here; %(n)d are enough.") % {"n": DEEPEST})]
        ) from None
    except UnicodeDecodeError:
        raise Invalid([Problem("", _("This is no text in UTF-8."))]) from None
    except json.JSONDecodeError as error:
        message = _("This is no JSON: line %(line)d, column %(column)d. A rule looks like %(example)s.")
        example = '{"did": "reply.posted", "at_least": 3}'
        raise Invalid(
            [Problem("", message % {"line": error.lineno, "column": error.colno, "example": example})]
        ) from None


def _made(clause: Clause, reading: Reading) -> Condition:
    verbs = set(reading.verbs) | BELONGING
    if holds_idle(clause.part):
        # Then it can hold of someone from the moment on that they are known at all, whatever makes them known.
        verbs.add(ANYTHING)
    digest = hashlib.sha256(json.dumps(_sorted(clause.tree), sort_keys=True, ensure_ascii=False).encode())
    return Condition(
        clause.tree, digest.hexdigest()[:40], clause.part, clause, frozenset(verbs), frozenset(reading.references),
        reading.sensitive,
    )  # fmt: skip


def _sorted(tree: Any) -> Any:
    """With the parts of groups in an order that does not depend on how they were written."""
    if isinstance(tree, dict):
        return {name: _sorted(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return sorted((_sorted(one) for one in tree), key=lambda one: json.dumps(one, sort_keys=True))
    return tree


# --- reading ----------------------------------------------------------------------------------------


def node(value: Any, place: Place, reading: Reading, groups: int = 0) -> Clause | None:
    """One line or group; None where something is wrong with it, which `place` then holds."""
    if not isinstance(value, dict):
        place.wrong(_("A rule is an object in braces, like %(example)s.") % {"example": '{"role": "steward"}'})
        return None
    if groups > DEEPEST:
        place.wrong(_("Groups lie %(n)d deep in each other here; that is as deep as they may.") % {"n": DEEPEST})
        return None
    kind = _kind(value, place)
    if kind is None:
        return None
    if kind in {"all", "any", "not"}:
        return _group(kind, value, place, reading, groups)
    reading.lines += 1
    if reading.lines == MOST + 1:
        place.wrong(_("A rule has at most %(n)d lines.") % {"n": MOST})
    if reading.lines > MOST:
        return None
    return _line(kind, value, place, reading)


def _kind(value: dict[str, Any], place: Place) -> str | None:
    """The key that says what the object is."""
    if "did" in value:
        return "did"
    if "attribute" in value:
        return "attribute"
    known = {"all", "any", "not", *registry.keyed(), *registry.references(), *registry.shorthands()}
    found = [name for name in value if name in known]
    if len(found) == 1:
        return found[0]
    if found:
        place.wrong(
            _("%(one)s and %(other)s stand in one object. Give each its own, and put them into “all” or “any”.")
            % {"one": f"“{found[0]}”", "other": f"“{found[1]}”"}
        )
    elif value:
        first = next(iter(value))
        place.at(first).wrong(
            _("%(name)s is no key of a rule. %(instead)s")
            % {"name": shown(first), "instead": instead(first, known | {"did", "attribute"}, most=20)}
        )
    else:
        place.wrong(_("This is empty. Say what is asked, like %(example)s.") % {"example": '{"role": "steward"}'})
    return None


def only(value: dict[str, Any], known: set[str], place: Place) -> None:
    """Complain of keys that mean nothing here."""
    for name in value:
        if name not in known:
            place.at(name).wrong(
                _("%(name)s means nothing here. %(instead)s")
                % {"name": shown(name), "instead": instead(name, known, most=20)}
            )


def _group(kind: str, value: dict[str, Any], place: Place, reading: Reading, groups: int) -> Clause | None:
    only(value, {kind}, place)
    given, below = value[kind], place.at(kind)
    if kind == "not":
        one = node(given, below, reading, groups + 1)
        return one and Clause(
            {"not": one.tree}, Group("not", (one.part,)), lambda negated: one.say(not negated), (one,), place.path
        )
    if not isinstance(given, list):
        below.wrong(_("“%(kind)s” takes a list of rules in square brackets.") % {"kind": kind})
        return None
    if not given:
        below.wrong(_("This list is empty. Put at least one rule into it."))
        return None
    made = [node(part, below.at(n), reading, groups + 1) for n, part in enumerate(given)]
    parts = tuple(part for part in made if part is not None)
    if len(parts) < len(made):
        return None
    return Clause(
        {kind: [part.tree for part in parts]},
        Group(kind, tuple(part.part for part in parts)) if parts else NOTHING,
        lambda negated: words.group(kind, [(part.say, _is_group(part)) for part in parts], negated),
        parts,
        place.path,
    )


def _is_group(clause: Clause) -> bool:
    """Whether several parts are said one after the other."""
    if len(clause.parts) == 1:
        return _is_group(clause.parts[0])
    return len(clause.parts) > 1


def _line(kind: str, value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    from . import asking_attributes, asking_deeds

    if kind == "did":
        return asking_deeds.did(value, place, reading)
    if kind == "attribute":
        return asking_attributes.attribute(value, place, reading)
    if kind in registry.keyed():
        return asking_attributes.by_key(kind, value, place, reading)
    if kind in registry.shorthands():
        return _shorthand(registry.shorthands()[kind], value, place, reading)
    return _reference(registry.references()[kind], value, place, reading)


def _shorthand(short: registry.Shorthand, value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    only(value, {short.key}, place)
    labels: dict[str, registry.Words] = dict(short.choices)
    given = value[short.key]
    if not isinstance(given, str) or given not in labels:
        place.at(short.key).wrong(
            _("%(name)s is no %(what)s. %(instead)s")
            % {"name": shown(given), "what": str(short.label).lower(), "instead": instead(given, labels)}
        )
        return None
    expanded = node(short.expand(given), place.at(short.key), reading)
    return expanded and Clause(
        {short.key: given},
        expanded.part,
        lambda negated: words.attribute(str(short.label), "is_not" if negated else "is", str(labels[given])),
        (),
        place.path,
    )


def _reference(ref: registry.Reference, value: dict[str, Any], place: Place, reading: Reading) -> Clause | None:
    from . import asking_deeds

    slug = value[ref.key]
    target = ref.find(reading.community, slug) if isinstance(slug, str) and len(slug) <= 200 else None
    if target is None:
        place.at(ref.key).wrong(
            _("There is no %(what)s %(name)s here. %(instead)s")
            % {
                "what": str(ref.noun),
                "name": shown(slug),
                "instead": instead(slug, [name for name, _label in ref.options(reading.community)]),
            }
        )
    reading.references.add((ref.key, str(slug)))
    reading.verbs |= set(ref.verbs)
    reading.sensitive |= ref.sensitive or bool(getattr(target, "is_sensitive", False))
    if not ref.dated:
        only(value, {ref.key}, place)
        if target is None:
            return None
        name = str(target)
        return Clause(
            {ref.key: slug},
            Among(ref.rows(target), f"{ref.key}:{slug}"),
            lambda negated: words.reference(str(ref.unlabel if negated else ref.label), name),
            (),
            place.path,
        )
    return asking_deeds.dated(ref, value, target, place, reading)


def listed_condition(select: Sql, name: str, label: str) -> Condition:
    """The condition to be among the people whom the SQL selects, for lists that are no rule."""

    def say(negated: bool) -> str:
        return words.reference(_("is not on the list") if negated else _("is on the list"), label)

    part = Among(select, name)
    clause = Clause({}, part, say)
    return Condition({}, "", part, clause, BELONGING, frozenset())
