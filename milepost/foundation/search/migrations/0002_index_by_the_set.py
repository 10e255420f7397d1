from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

_first = import_module("milepost.foundation.search.migrations.0001_documents_and_index")
# In front of each statement of a trigger SQLite sets a savepoint, at which FTS5 writes down whatever it had collected: a
# row at a time that costs three times the indexing itself. `indexing.refresh` indexes a set of new documents at once instead.
_ENTERING = _first.SQLITE_TRIGGERS[0]


def by_the_set(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER search_document_in")


def row_by_row(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(_ENTERING)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_documents_and_index")]
    operations = [migrations.RunPython(by_the_set, row_by_row, elidable=False)]
