"""The milestones that a community decided on: achievements in people's lives on the way to the shared mission."""
