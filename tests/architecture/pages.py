"""For each address with parts the values that may stand in them: the ids and names of a community's own rows."""

from __future__ import annotations

import functools
import itertools
import sys
import uuid
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from milepost.foundation.identity.models import Community

from .routes import Route


def named_in(route: Route) -> tuple[type[models.Model], ...]:
    """The kinds of rows that a page may be asked about: those of its parts' names, and those that its module imports; where there are
    none, those of its area."""
    found = {_kinds()[name] for name, kind in route.parts if kind == "uuid" and name in _kinds()}
    if len(found) < sum(kind == "uuid" for _, kind in route.parts):
        found |= _imported(route.module)
    if not found:
        area = ".".join(route.module.split(".")[:4])
        found = {kind for name in sys.modules.copy() if name.startswith(f"{area}.") for kind in _imported(name)}
    return tuple(sorted(found, key=lambda model: model._meta.label))


@functools.cache
def _kinds() -> dict[str, type[models.Model]]:
    """By the word that stands for a kind in addresses."""
    return {model._meta.model_name or "": model for model in apps.get_models()}


@functools.cache
def _imported(module: str) -> set[type[models.Model]]:
    return {
        thing
        for thing in vars(sys.modules[module]).values()
        if isinstance(thing, type) and issubclass(thing, models.Model) and not thing._meta.abstract
    }


def ids_of(community: Community, kinds: tuple[type[models.Model], ...], *, each: int = 1) -> list[uuid.UUID]:
    """The last rows of each kind, so many of each; kinds without a community have none."""
    found: dict[uuid.UUID, None] = {}
    for model in kinds:
        names = {f.attname for f in model._meta.concrete_fields}
        if "community_id" in names and isinstance(model._meta.pk, (models.UUIDField, models.OneToOneField)):
            rows = model._base_manager.filter(community_id=community.pk).order_by("-pk")
            found |= dict.fromkeys(pk for pk in rows.values_list("pk", flat=True)[:each] if isinstance(pk, uuid.UUID))
    return list(found)


def tried(route: Route, values: dict[str, list[Any]], ids: list[uuid.UUID], *, most: int) -> Iterator[dict[str, Any]]:
    """Values for the parts of a route, at most so many sets: each combination of what the parts may be."""
    parts = [(name, kind) for name, kind in route.parts if name != "slug"]
    choices = [values.get(name) or (ids if kind == "uuid" else [1]) for name, kind in parts]
    for chosen in itertools.islice(itertools.product(*choices), most):
        yield dict(zip((name for name, _ in parts), chosen, strict=True))
