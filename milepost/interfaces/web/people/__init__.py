"""People: the list, each one's page, and what members say about themselves."""
