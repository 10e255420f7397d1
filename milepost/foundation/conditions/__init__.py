"""The one rule language: which members, said as a small tree, answered by one query."""
