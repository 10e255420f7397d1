"""Gatherings: workshops, meetups, calls and conferences, with who comes. Records `event.*`."""
