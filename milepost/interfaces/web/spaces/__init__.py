"""Pages of spaces: where a community talks."""
