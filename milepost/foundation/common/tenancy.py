"""The database itself refuses keys that cross communities.

For every model with a `community` (or a plain `community_id`), each foreign key to another such model is checked when rows
are written, whatever code writes them: by triggers on SQLite, and on PostgreSQL by one set-based check a statement, so that
COPY costs one join and not a check a row. A many-to-many table compares its two sides.

Triggers go before a migration and come back after it: SQLite rebuilds a table to change it, and refuses to while triggers
of other tables name it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.models.signals import post_migrate, pre_migrate

PREFIX = "tenant_"


@dataclass(frozen=True, slots=True)
class Check:
    """That the rows of `table` and of the table its `column` points to are of one community."""

    table: str
    column: str
    parent: str
    community: str
    """SQL for the row's own community, with {row} for the row."""


def _tenants() -> set[type[models.Model]]:
    return {m for m in apps.get_models() if any(f.attname == "community_id" for f in m._meta.concrete_fields)}


def checks() -> dict[str, list[Check]]:
    """For each table, what must hold of its keys."""
    tenants = _tenants()
    found: dict[str, list[Check]] = {}
    for model in apps.get_models(include_auto_created=True):
        keys = [
            f for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey) and f.related_model in tenants
        ]
        if model in tenants:
            own = "{row}.community_id"
        elif model._meta.auto_created and len(keys) == 2:
            first = keys.pop(0)
            own = f"(SELECT community_id FROM {first.related_model._meta.db_table} WHERE id = {{row}}.{first.column})"
        else:
            continue
        for key in keys:
            check = Check(model._meta.db_table, key.column, key.related_model._meta.db_table, own)
            found.setdefault(model._meta.db_table, []).append(check)
    return found


def install(using: str = "default") -> None:
    """Make every trigger anew."""
    remove(using)
    connection = connections[using]
    there = set(connection.introspection.table_names())
    make = _for_sqlite if connection.vendor == "sqlite" else _for_postgresql
    with connection.cursor() as cursor:
        for table, wanted in checks().items():
            if table in there:
                for statement in make(table, wanted):
                    cursor.execute(statement)


def installed(using: str = "default") -> set[str]:
    """The names of the triggers that are there."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'tenant\\_%' ESCAPE '\\'"
            )
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'tenant\\_%'")
        return {row[0] for row in cursor.fetchall()}


def remove(using: str = "default") -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in installed(using):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            return
        # The triggers go with their functions.
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = current_schema() AND p.proname LIKE 'tenant\\_%'"
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")


def _for_sqlite(table: str, wanted: list[Check]) -> Iterator[str]:
    crossing = " OR ".join(
        f"(NEW.{c.column} IS NOT NULL AND"
        f" (SELECT community_id FROM {c.parent} WHERE id = NEW.{c.column}) <> {c.community.format(row='NEW')})"
        for c in wanted
    )
    columns = ", ".join(c.column for c in wanted)
    for name, when in (("insert", "INSERT"), ("update", f"UPDATE OF {columns}")):
        yield (
            f"CREATE TRIGGER {PREFIX}{table}_{name} BEFORE {when} ON {table} WHEN {crossing}"
            f" BEGIN SELECT RAISE(ABORT, 'a key of {table} crosses communities'); END"
        )


def _for_postgresql(table: str, wanted: list[Check]) -> Iterator[str]:
    crossing = " OR ".join(
        f"EXISTS (SELECT 1 FROM written w JOIN {c.parent} p ON p.id = w.{c.column}"
        f" WHERE p.community_id <> {c.community.format(row='w')})"
        for c in wanted
    )
    yield (
        f"CREATE FUNCTION {PREFIX}{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {crossing} THEN"
        f" RAISE EXCEPTION 'a key of {table} crosses communities' USING ERRCODE = 'integrity_constraint_violation';"
        f" END IF; RETURN NULL; END $$"
    )
    for name, when in (("insert", "INSERT"), ("update", "UPDATE")):
        yield (
            f"CREATE TRIGGER {PREFIX}{table}_{name} AFTER {when} ON {table} REFERENCING NEW TABLE AS written"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {PREFIX}{table}()"
        )


def _before(sender: Any, using: str, plan: Any = (), **_: Any) -> None:
    if plan:
        remove(using)


def _after(sender: Any, using: str, plan: Any = (), **_: Any) -> None:
    expected = {f"{PREFIX}{table}_insert" for table in checks()}
    if plan or not expected <= installed(using):
        install(using)


def connect(sender: Any) -> None:
    """Called once, by this app's configuration."""
    pre_migrate.connect(_before, sender=sender, dispatch_uid="milepost-tenancy-before")
    post_migrate.connect(_after, sender=sender, dispatch_uid="milepost-tenancy-after")
