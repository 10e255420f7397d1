"""Migrating with few model classes makes the tables that Django's own way makes, to the letter."""

from __future__ import annotations

import pytest
from django.core.management import get_commands
from django.core.management.commands import migrate
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from milepost.foundation.common.migrating import SparingExecutor, SparingState

pytestmark = pytest.mark.sqlite
APPS = ("account", "activity", "audit", "search")
"""Some that hang together, with new fields, altered fields, constraints and indexes among their migrations."""


def schema_by(executor_class, path, django_db_blocker):
    with django_db_blocker.unblock():
        own = connection.copy(alias="draft")
        own.settings_dict["NAME"] = str(path)
        connections["draft"] = own
        try:
            executor = executor_class(own)
            executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] in APPS])
            with own.cursor() as cursor:
                cursor.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid")
                return cursor.fetchall()
        finally:
            own.close()
            del connections["draft"]


def test_the_tables_are_the_same(tmp_path, django_db_setup, django_db_blocker):
    ours = schema_by(SparingExecutor, tmp_path / "ours", django_db_blocker)
    assert len(ours) > 60
    assert ours == schema_by(MigrationExecutor, tmp_path / "djangos", django_db_blocker)


def test_the_command_is_ours():
    assert get_commands()["migrate"] == "milepost.foundation.common"
    from milepost.foundation.common.management.commands.migrate import Command

    assert issubclass(Command, migrate.Command)
    assert vars(migrate)["MigrationExecutor"] is SparingExecutor


def test_a_model_that_is_not_there_is_a_lookup_error():
    with pytest.raises(LookupError, match="no model"):
        SparingState({}, set()).apps.get_model("people.Nobody")
