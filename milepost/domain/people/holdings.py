"""What the apps hold of a person, registered by each app in its `personal.py`.

Merging, erasing and handing out a member's own data reach every app through here, since `people` knows none above it:

    moves(SpaceMember, "person", unique=("space",))       # goes along when two people turn out to be one
    erases(empty_posts)                                   # def empty_posts(subject: Subject) -> dict[str, int]
    portrays("posts", posts_of)                           # def posts_of(subject: Subject) -> Iterator[dict[str, Any]]
    encloses(files_of)                                    # def files_of(subject: Subject) -> Iterator[str]
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.module_loading import autodiscover_modules

from milepost.foundation.identity.models import Identity, Person


@dataclass(frozen=True, slots=True)
class Moving:
    """Rows that belong to whoever the person turns out to be."""

    model: type[models.Model]
    field: str
    """Their key to Person."""
    unique: tuple[str, ...] | None
    """Other fields with which the person is unique; () for one row a person; None where any number may be."""
    apart: str
    """Another key to Person that must not name the same one (nobody thanks themselves)."""

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.field}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Everyone and everything that one person is in a community: themselves, who was merged into them, the identities."""

    person: Person
    people: tuple[uuid.UUID, ...]
    identities: tuple[uuid.UUID, ...]

    @classmethod
    def of(cls, person: Person) -> Subject:
        people, level = [person.pk], [person.pk]
        while level:
            level = list(Person.objects.filter(merged_into__in=level).values_list("pk", flat=True))
            people += level
        identities = Identity.objects.filter(person__in=people).values_list("pk", flat=True)
        return cls(person=person, people=tuple(people), identities=tuple(identities))


type Eraser = Callable[[Subject], dict[str, int]]
type Portrayal = Callable[[Subject], Iterable[dict[str, Any]]]
type Enclosure = Callable[[Subject], Iterable[str]]

_moving: list[Moving] = []
_erasers: list[Eraser] = []
_portrayals: dict[str, Portrayal] = {}
_enclosures: list[Enclosure] = []


def moves(model: type[models.Model], field: str, *, unique: tuple[str, ...] | None = None, apart: str = "") -> None:
    """Rows of `model` go along with the person in `field` at a merge, and back at a split."""
    _moving.append(Moving(model, field, unique, apart))


def erases(eraser: Eraser) -> Eraser:
    """Register what empties the app's rows of an erased person; it returns how many, by a plain word ("posts")."""
    _erasers.append(eraser)
    return eraser


def portrays(name: str, portrayal: Portrayal) -> None:
    """Register the file `name`.jsonl of a member's own data: rows of plain values, streamed."""
    _portrayals[name] = portrayal


def encloses(enclosure: Enclosure) -> Enclosure:
    """Register the uploaded files that go along with a member's own data, by their names in the storage."""
    _enclosures.append(enclosure)
    return enclosure


def enclosures(subject: Subject) -> Iterator[str]:
    autodiscover_modules("personal")
    for enclosure in _enclosures:
        yield from enclosure(subject)


def moving() -> list[Moving]:
    autodiscover_modules("personal")
    return _moving


def erasers() -> list[Eraser]:
    autodiscover_modules("personal")
    return _erasers


def portrayals() -> Iterator[tuple[str, Portrayal]]:
    autodiscover_modules("personal")
    yield from sorted(_portrayals.items())


# --- rows put aside ---------------------------------------------------------------------------------


def put_aside(row: models.Model) -> dict[str, Any]:
    """The row's values as JSON, exact, so that `bring_back` makes the same row."""
    values: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        plain = value is None or isinstance(value, bool | int | float | list | dict)
        values[field.attname] = value if plain else field.value_to_string(row)
    return values


def bring_back(model: type[models.Model], values: dict[str, Any], **changes: Any) -> models.Model:
    """The row that was put aside, with `changes`."""
    row = model(**{f.attname: f.to_python(values[f.attname]) for f in model._meta.concrete_fields} | changes)
    row.save(force_insert=True)
    return row
