"""The log: one append-only table of what happened, the verbs it may hold, and the readers that follow it.

Owns the two roll-ups that rules are asked of (member-day, member-object-day). Records `activity.retracted` and
`community.time_zone_changed`.
"""
