from __future__ import annotations

from django.apps import AppConfig


class MilestonesConfig(AppConfig):
    name = "milepost.engines.milestones"
    label = "milestones"
