"""Personas, their map, a member's journey, cohorts, and members who meet."""
