from __future__ import annotations

from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "milepost.domain.work"
    label = "work"
