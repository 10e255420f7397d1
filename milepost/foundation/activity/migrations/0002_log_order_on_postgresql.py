from __future__ import annotations

from typing import Any

from django.db import migrations


def index(apps: Any, schema_editor: Any) -> None:
    # On SQLite the primary key is the log's order already.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE INDEX activity_log_order ON activity_activity (epoch, xid, id)")


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX activity_log_order")


class Migration(migrations.Migration):
    dependencies = [("activity", "0001_log_readers_rollups")]
    operations = [migrations.RunPython(index, drop, elidable=False)]
