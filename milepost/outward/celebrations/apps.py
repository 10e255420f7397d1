from __future__ import annotations

from django.apps import AppConfig


class CelebrationsConfig(AppConfig):
    name = "milepost.outward.celebrations"
    label = "celebrations"
