"""The embedded database, with writers who take turns: Django's own backend for SQLite, and a queue in front of its one lock."""
