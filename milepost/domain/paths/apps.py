from __future__ import annotations

from django.apps import AppConfig


class PathsConfig(AppConfig):
    name = "milepost.domain.paths"
    label = "paths"
