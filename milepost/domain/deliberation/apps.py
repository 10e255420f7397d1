from __future__ import annotations

from django.apps import AppConfig


class DeliberationConfig(AppConfig):
    name = "milepost.domain.deliberation"
    label = "deliberation"
