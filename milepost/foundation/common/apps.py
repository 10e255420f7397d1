from __future__ import annotations

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "milepost.foundation.common"
    label = "common"

    def ready(self) -> None:
        from . import databases, tenancy

        databases.connect()
        tenancy.connect(self)
