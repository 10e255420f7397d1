from __future__ import annotations

from django.apps import AppConfig


class BadgesConfig(AppConfig):
    name = "milepost.outward.badges"
    label = "badges"
