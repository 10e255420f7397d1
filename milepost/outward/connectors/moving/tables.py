"""Which rows belong to a community, in an order in which they can be written; and each field as JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.db import models

from milepost.foundation.identity.models import Account, Community

FORMAT = 1
"""Of the export. Rises when an older Milepost could no longer read it."""

DERIVED = frozenset({"activity.memberday", "activity.memberobjectday", "search.searchdocument"})
"""Worked out again from the log where they arrive."""
SITE = frozenset({"jobs.jobrun", "identity.apitoken", "identity.idempotentanswer", "connectors.importrun"})
"""Of the site rather than the community: background work, keys, uploaded files on their way."""
DROPPED = SITE | {"connectors.quarantinedrow"}
RENUMBERED = {"activity.activity": frozenset({"id", "epoch", "xid"})}
"""Columns that are the database's own: the log's position is given anew, in the same order."""
LATER = "later"


@dataclass(frozen=True, slots=True)
class Table:
    """One file of an export: a model, or the rows between two models."""

    name: str
    model: type[models.Model]
    path: str
    """Lookup from a row to its community's id."""

    @property
    def fields(self) -> list[models.Field[Any, Any]]:
        hidden = RENUMBERED.get(self.name, frozenset())
        auto = (models.AutoField, models.BigAutoField)
        return [
            f
            for f in self.model._meta.concrete_fields
            if f.column and f.attname not in hidden and not isinstance(f, auto) and f.name != "pk"
        ]

    @property
    def columns(self) -> list[str]:
        return [f.attname for f in self.fields]

    @property
    def to_itself(self) -> list[models.Field[Any, Any]]:
        """Keys to rows of the same table: written when all rows are there."""
        return [f for f in self.fields if isinstance(f, models.ForeignKey) and f.related_model is self.model]

    @property
    def files(self) -> list[str]:
        return [f.attname for f in self.fields if isinstance(f, models.FileField)]

    def rows(self, community: Community) -> models.QuerySet[Any]:
        found = self.model._base_manager.filter(**{self.path: community.pk})
        if self.name == "activity.activity":
            return cast("models.QuerySet[Any]", found.order_by("epoch", "xid", "id"))
        return found.order_by(*([self.model._meta.pk.name] if self.model._meta.pk.column else self.columns[:3]))


def tables() -> list[Table]:
    """Every table with rows of a community, each behind those that its keys point to."""
    found: dict[type[models.Model], Table] = {}
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        if label in DERIVED | DROPPED or not model.__module__.startswith("milepost."):
            continue
        if any(f.attname == "community_id" for f in model._meta.concrete_fields):
            found[model] = Table(label, model, "community_id")
        elif label == "activity.retraction":
            found[model] = Table(label, model, "activity__community_id")
        elif model._meta.auto_created:
            owner = next(f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey))
            if any(f.attname == "community_id" for f in owner.related_model._meta.concrete_fields):
                found[model] = Table(label, model, f"{owner.name}__community_id")
    return _in_order(found)


def _in_order(found: dict[type[models.Model], Table]) -> list[Table]:
    done: list[Table] = []

    def place(table: Table, above: tuple[str, ...] = ()) -> None:
        if table in done or table.name in above:
            return
        for field in table.fields:
            if (
                isinstance(field, models.ForeignKey)
                and field.related_model in found
                and field.related_model is not table.model
            ):
                place(found[field.related_model], (*above, table.name))
        done.append(table)

    for table in sorted(found.values(), key=lambda t: t.name):
        place(table)
    return done


COMMUNITY_FIELDS = tuple(
    f.attname for f in Community._meta.concrete_fields if f.attname not in {"parent_id", "arrived_at"}
)
ACCOUNT_FIELDS = ("id", "email", "name", "language", "time_zone", "date_joined")
"""Of sign-ins: no password and no keys. Whoever comes to another site sets a new password by mail."""


def accounts_of(community: Community) -> models.QuerySet[Account]:
    """The sign-ins that the community's rows point to."""
    return (
        Account.objects.filter(models.Q(people__community=community) | models.Q(join_requests__community=community))
        .distinct()
        .order_by("pk")
    )


def as_json(field: models.Field[Any, Any], value: Any) -> Any:
    """A field's value for JSON: text for ids, moments and exact numbers."""
    if value is None or isinstance(value, (str, int, bool, dict, list)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def from_json(field: models.Field[Any, Any], value: Any) -> Any:
    """Back again. Raises ValidationError for what the field cannot hold."""
    if isinstance(field, models.JSONField):
        return value
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return target.to_python(value)
