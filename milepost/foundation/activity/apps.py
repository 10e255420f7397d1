from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ActivityConfig(AppConfig):
    name = "milepost.foundation.activity"
    label = "activity"

    def ready(self) -> None:
        autodiscover_modules("verbs", "readers")
