from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from milepost.foundation.common.ids import NO_ID
from milepost.foundation.search import schema


def index(apps: Any, schema_editor: Any) -> None:
    schema.create(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    schema.drop(schema_editor.connection)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("identity", "0001_accounts_communities_people")]
    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("object_id", models.UUIDField()),
                ("parent_id", models.UUIDField(default=NO_ID)),
                ("space_id", models.UUIDField(default=NO_ID)),
                ("identity_id", models.UUIDField(default=NO_ID)),
                ("title", models.TextField(blank=True)),
                ("body", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "community",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="identity.community",
                    ),
                ),
            ],
            options={
                "db_table": "search_document",
                "constraints": [models.UniqueConstraint(fields=("object_id", "kind"), name="search_document_once")],
            },
        ),
        migrations.RunPython(index, drop, elidable=False),
    ]
