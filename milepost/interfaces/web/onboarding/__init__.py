"""A newcomer's first visit: why the community exists, who they are, the charter, one person to meet, one thing to do."""
