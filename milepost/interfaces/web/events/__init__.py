"""Events: what comes, taking part, hosting, and calendars."""
