"""What can be found, in one table with a full-text index: FTS5 on SQLite, tsvector and GIN on PostgreSQL.

Apps say in their `searching.py` what can be found (`registry.searchable`); a reader keeps the documents; `finding.find` asks.
Records nothing. Why it is made so: docs/decisions, "Search by a thin layer of our own".
"""
