from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "milepost.foundation.jobs"
    label = "jobs"
    verbose_name = _("Background jobs")

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers itself)

        # Web and worker alike know every job: the one enqueues, the other runs.
        autodiscover_modules("tasks")
