"""Milepost: the self-hosted home of a mission-driven community."""

__version__ = "0.1.0"
