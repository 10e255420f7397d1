from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from milepost.foundation.common.ids import NO_ID

# --- SQLite -----------------------------------------------------------------------------------------
# `scope` makes kind and community (one word), space and writer words of the index, so that a search inside one of them reads
# its own entries only. Ids are cut to their last, random 48 bits; the table has the whole ones, and what is found is checked
# there.
_SCOPE = (
    "{row}.kind || substr({row}.community_id, 21) || ' s' || substr({row}.space_id, 21)"
    " || ' i' || substr({row}.identity_id, 21)"
)


def scope_sql(row: str) -> str:
    return _SCOPE.format(row=row)


_COLUMNS = "rowid, title, body, scope"
_INSERT = f"INSERT INTO search_index ({_COLUMNS}) VALUES (new.id, new.title, new.body, {scope_sql('new')})"
_REMOVE = (
    f"INSERT INTO search_index (search_index, {_COLUMNS})"
    f" VALUES ('delete', old.id, old.title, old.body, {scope_sql('old')})"
)

SQLITE_TABLES = (
    f"CREATE VIEW search_content AS SELECT d.id AS id, d.title AS title, d.body AS body, {scope_sql('d')} AS scope"
    " FROM search_document d",
    "CREATE VIRTUAL TABLE search_index USING fts5(title, body, scope, content='search_content', content_rowid='id',"
    " tokenize='porter unicode61 remove_diacritics 2')",
    # Small transactions make small segments; merging them eight at a time instead of four rewrites less during an import.
    "INSERT INTO search_index (search_index, rank) VALUES ('automerge', 8)",
)
SQLITE_TRIGGERS = (
    f"CREATE TRIGGER search_document_in AFTER INSERT ON search_document BEGIN {_INSERT}; END",
    f"CREATE TRIGGER search_document_out AFTER DELETE ON search_document BEGIN {_REMOVE}; END",
    f"CREATE TRIGGER search_document_new AFTER UPDATE ON search_document BEGIN {_REMOVE}; {_INSERT}; END",
)
SQLITE_DROP = (
    *(f"DROP TRIGGER search_document_{name}" for name in ("in", "out", "new")),
    "DROP TABLE IF EXISTS search_index",
    "DROP VIEW IF EXISTS search_content",
)

# --- PostgreSQL -------------------------------------------------------------------------------------
# Stems as English does, but drops no word: a search for "the who" finds. Diacritics go before, without an extension that
# a hosted database may not have.
_STEMMED = "asciiword, asciihword, hword_asciipart, word, hword, hword_part"
_TSV = "setweight(to_tsvector('milepost', search_fold(title)), 'A') || to_tsvector('milepost', search_fold(body))"
POSTGRES = (
    "CREATE TEXT SEARCH DICTIONARY milepost_stem (TEMPLATE = pg_catalog.snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION milepost (COPY = pg_catalog.english)",
    f"ALTER TEXT SEARCH CONFIGURATION milepost ALTER MAPPING FOR {_STEMMED} WITH milepost_stem",
    "CREATE FUNCTION search_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN"
    " CASE WHEN octet_length(t) = length(t) THEN t"
    " ELSE regexp_replace(normalize(t, NFD), '[\\u0300-\\u036f]', '', 'g') END",
    f"ALTER TABLE search_document ADD COLUMN tsv tsvector GENERATED ALWAYS AS ({_TSV}) STORED",
    "CREATE INDEX search_document_tsv ON search_document USING gin (tsv)",
    "CREATE INDEX search_document_newest ON search_document (community_id, kind, id)",
)
POSTGRES_DROP = (
    "DROP INDEX search_document_newest",
    "DROP INDEX search_document_tsv",
    "ALTER TABLE search_document DROP COLUMN tsv",
    "DROP FUNCTION search_fold(text)",
    "DROP TEXT SEARCH CONFIGURATION milepost",
    "DROP TEXT SEARCH DICTIONARY milepost_stem",
)


def index(apps: Any, schema_editor: Any) -> None:
    """The full-text index beside the table of documents, in each database's own words."""
    lite = schema_editor.connection.vendor == "sqlite"
    for statement in (*SQLITE_TABLES, *SQLITE_TRIGGERS) if lite else POSTGRES:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in SQLITE_DROP if schema_editor.connection.vendor == "sqlite" else POSTGRES_DROP:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("identity", "0001_accounts_communities_people")]
    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
