"""Who was at an event, as other tools counted it: Zoom's participants, Eventbrite's attendees.

A file is read, its people are matched with reasons, a steward looks at it, and only then anything counts. Twice changes nothing.
"""
