from __future__ import annotations

from django.apps import AppConfig


class StartingConfig(AppConfig):
    name = "milepost.outward.starting"
    label = "starting"
