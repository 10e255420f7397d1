from __future__ import annotations

from django.core.management.commands import migrate

from milepost.foundation.common.migrating import SparingExecutor

# The command has no other place to name its executor; it takes it from its own module.
migrate.MigrationExecutor = SparingExecutor  # type: ignore[attr-defined]


class Command(migrate.Command):
    """Django's own, that builds fewer model classes on the way."""
