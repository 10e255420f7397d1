from __future__ import annotations

import logging

from django.utils.translation import gettext_lazy as _

from milepost.foundation.common.errors import DomainError
from milepost.foundation.identity.models import Community
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import keeping

logger = logging.getLogger("milepost.celebrations")


@every(minutes=30)
@job(label=_("Anniversaries, the week's round-up, and what was reached together"))
def keep_celebrations() -> None:
    """One community that fails does not hold up the others."""
    for community in Community.objects.filter(archived_at__isnull=True).iterator():
        try:
            keeping.keep(community)
        except DomainError:
            logger.exception("The celebrations of %s were not kept", community.slug)
