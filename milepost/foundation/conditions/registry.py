"""What rules may ask besides deeds. Each app registers its own in `fields.py`, which is found by itself.

A field is one value a member has (or several, for tags). `sql` gives it for the membership `m`:

    field("role", "choice", label=_("Role"), sql="m.role", choices=Role.choices, verbs=("role.taken",), as_key=True)

    {"attribute": "role", "is": "steward"}, and with `as_key` also {"role": "steward"}

Fields that a community defines for itself come from `fields_from(of)`, where `of(community)` gives them.

A reference names a row of the community by its slug. `find` looks it up, `rows` selects the people:

    reference(
        "in_segment",
        label=_("is in the segment"), unlabel=_("is not in the segment"), noun=_("segment"),
        find=lambda community, slug: Segment.objects.filter(community=community, slug=slug).first(),
        choices=lambda community: Segment.objects.filter(community=community).values_list("slug", "name"),
        rows=lambda segment: Sql("SELECT person_id FROM segments_member WHERE segment_id = %s", (key(segment.pk),)),
        verbs=("segment.entered", "segment.left"),
        depends=lambda segment: segment.references,          # of its own rule: circles are refused
    )

With `dated=True` the rows are (person_id, day), one for each time. Then the rule has history, and takes the same options as a
deed: {"reached": "first-gig", "within": "P90D"}, {"attended": "…", "from": "2026-01-01"}, {"reached": "yearly-talk", "at_least": 3}.

`in: {"tag": …}` and `in: {"space": …}` are answered by `tag_resolver` and `space_resolver`; `in: {"object": "event:summer-fest"}`
by `object_finder("event", find)`. A `shorthand` is a word for a whole rule: {"engagement": "regular"}.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from .sql import Sql

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community

type Words = str | Promise
type Choices = Iterable[tuple[str, Words]]

KINDS = ("text", "number", "date", "choice", "tags", "flag")


@dataclass(frozen=True, slots=True)
class Field:
    """A member's attribute. It has no history: rules take it as it is now, except a date, from which time can be counted."""

    name: str
    kind: str
    label: Words
    sql: Callable[[Any], Sql]
    """Of the community: the value for the membership `m`; for tags a SELECT of all that `m.person_id` has."""
    choices: Callable[[Any], Choices] | None = None
    verbs: tuple[str, ...] = ()
    """Whatever is recorded when a value changes; readers then ask again."""
    as_key: bool = False
    sensitive: bool = False
    """Counts below the privacy floor are not told, not even to stewards."""
    custom: bool = False
    moment: str = ""
    """Of a date that is kept as a moment: the moment itself, which an index may find."""

    def options(self, community: Community) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self.choices(community)] if self.choices else []


@dataclass(frozen=True, slots=True)
class Reference:
    """Something of the community that rules name; see the module."""

    key: str
    label: Words
    """“has reached”, before the name."""
    unlabel: Words
    """“has not reached”."""
    noun: Words
    find: Callable[[Any, str], Any]
    rows: Callable[[Any], Sql]
    choices: Callable[[Any], Choices]
    dated: bool = False
    verbs: tuple[str, ...] = ()
    depends: Callable[[Any], Iterable[tuple[str, str]]] | None = None
    sensitive: bool = False
    """Of all of them; what `find` gives may say so of itself, as `is_sensitive`."""

    def options(self, community: Community) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self.choices(community)]


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A word for a rule that is written out elsewhere."""

    key: str
    label: Words
    """“Engagement”."""
    choices: Sequence[tuple[str, Words]]
    expand: Callable[[str], dict[str, Any]]


_fields: dict[str, Field] = {}
_dynamic: list[Callable[[Any], Iterable[Field]]] = []
_references: dict[str, Reference] = {}
_shorthands: dict[str, Shorthand] = {}
_tags: list[Callable[[Any, str], Sql | None]] = []
_tag_choices: list[Callable[[Any], Choices]] = []
_spaces: list[tuple[Callable[[Any, str], uuid.UUID | None], Callable[[Any], Choices]]] = []
_objects: dict[str, Callable[[Any, str], uuid.UUID | None]] = {}
_loaded = False

RESERVED = {"all", "any", "not", "did", "attribute"}


def field(
    name: str,
    kind: str,
    *,
    label: Words,
    sql: str | Callable[[Any], Sql],
    choices: Choices | Callable[[Any], Choices] | None = None,
    verbs: Sequence[str] = (),
    as_key: bool = False,
    sensitive: bool = False,
    moment: str = "",
) -> None:
    """Register an attribute that members of every community have; see the module."""
    if name in _fields:
        raise ValueError(f"the field {name} is registered already")
    given = choices if choices is None or callable(choices) else _fixed(tuple(choices))
    _fields[name] = made_field(
        name, kind, label=label, sql=sql, choices=given, verbs=verbs, as_key=as_key, sensitive=sensitive, moment=moment
    )


def made_field(
    name: str,
    kind: str,
    *,
    label: Words,
    sql: str | Callable[[Any], Sql],
    choices: Callable[[Any], Choices] | None = None,
    verbs: Sequence[str] = (),
    as_key: bool = False,
    sensitive: bool = False,
    custom: bool = False,
    moment: str = "",
) -> Field:
    """A field that is not registered, for `fields_from`."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of field")
    text = sql
    value = (lambda _community: Sql(text)) if isinstance(text, str) else text
    return Field(name, kind, label, value, choices, tuple(verbs), as_key, sensitive, custom, moment)


def _fixed(choices: tuple[tuple[str, Words], ...]) -> Callable[[Any], Choices]:
    return lambda _community: choices


def fields_from(of: Callable[[Any], Iterable[Field]]) -> Callable[[Any], Iterable[Field]]:
    """Register what gives the fields that a community defined for itself."""
    _dynamic.append(of)
    return of


def reference(
    key: str,
    *,
    label: Words,
    unlabel: Words,
    noun: Words,
    find: Callable[[Any, str], Any],
    rows: Callable[[Any], Sql],
    choices: Callable[[Any], Choices],
    dated: bool = False,
    verbs: Sequence[str] = (),
    depends: Callable[[Any], Iterable[tuple[str, str]]] | None = None,
    sensitive: bool = False,
) -> None:
    """Register a key that names a row of the community; see the module."""
    if key in _references or key in RESERVED:
        raise ValueError(f"the key {key} is taken")
    _references[key] = Reference(
        key, label, unlabel, noun, find, rows, choices, dated, tuple(verbs), depends, sensitive
    )


def shorthand(
    key: str, *, label: Words, choices: Sequence[tuple[str, Words]], expand: Callable[[str], dict[str, Any]]
) -> None:
    """Register a key whose values stand for whole rules."""
    if key in _shorthands or key in RESERVED:
        raise ValueError(f"the key {key} is taken")
    _shorthands[key] = Shorthand(key, label, choices, expand)


def tag_resolver(find: Callable[[Any, str], Sql | None], choices: Callable[[Any], Choices]) -> None:
    """Register what finds the objects with a tag: SQL that selects their ids, or None where the tag is not known."""
    _tags.append(find)
    _tag_choices.append(choices)


def space_resolver(find: Callable[[Any, str], uuid.UUID | None], choices: Callable[[Any], Choices]) -> None:
    """Register what finds a space by its slug."""
    _spaces.append((find, choices))


def object_finder(kind: str, find: Callable[[Any, str], uuid.UUID | None]) -> None:
    """Register what finds an object of one kind by its slug."""
    _objects[kind] = find


# --- asking -----------------------------------------------------------------------------------------


def load() -> None:
    """Find every app's `fields.py`."""
    global _loaded
    if not _loaded:
        _loaded = True
        autodiscover_modules("fields")


def fields(community: Community) -> dict[str, Field]:
    """All attributes that members of the community have, its own among them."""
    load()
    found = dict(_fields)
    for of in _dynamic:
        for one in of(community):
            found.setdefault(one.name, one)
    return found


def built_in() -> set[str]:
    """The names of the attributes that members of every community have."""
    load()
    return set(_fields)


def keyed() -> dict[str, Field]:
    """Fields that are asked by their own key."""
    load()
    return {name: one for name, one in _fields.items() if one.as_key}


def references() -> dict[str, Reference]:
    load()
    return _references


def shorthands() -> dict[str, Shorthand]:
    load()
    return _shorthands


def tagged(community: Community, tag: str) -> Sql | None:
    """SQL for the ids of all objects with the tag; None where nobody knows it."""
    load()
    found = [sql for find in _tags if (sql := find(community, tag)) is not None]
    if not found:
        return None
    return Sql(" UNION ALL ".join(s.text for s in found), tuple(value for s in found for value in s.params))


def tags(community: Community) -> list[tuple[str, str]]:
    load()
    return sorted({(str(value), str(label)) for of in _tag_choices for value, label in of(community)})


def space(community: Community, slug: str) -> uuid.UUID | None:
    load()
    return next((found for find, _choices in _spaces if (found := find(community, slug)) is not None), None)


def spaces(community: Community) -> list[tuple[str, str]]:
    load()
    return [(str(value), str(label)) for _find, of in _spaces for value, label in of(community)]


def object_of(community: Community, name: str) -> uuid.UUID | None:
    """The object that “kind:slug”, or an id, names."""
    load()
    kind, colon, slug = name.partition(":")
    if colon and kind in _objects:
        return _objects[kind](community, slug)
    try:
        return uuid.UUID(name)
    except ValueError:
        return None


def object_kinds() -> list[str]:
    load()
    return sorted(_objects)
