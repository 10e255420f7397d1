from __future__ import annotations

from django.apps import AppConfig


class CelebrationsConfig(AppConfig):
    name = "milepost.outward.celebrations"
    label = "celebrations"

    def ready(self) -> None:
        from milepost.engines.milestones import celebrating

        from .taking_back import taken_back

        celebrating.withhold(taken_back)
