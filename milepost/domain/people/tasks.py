from __future__ import annotations

import uuid

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.models import Community
from milepost.foundation.jobs.job import job
from milepost.foundation.jobs.schedule import every

from . import belonging, suggesting


@every(hours=1)
@job(label=_("Bring back members whose break is over"))
def end_breaks() -> None:
    belonging.end_breaks()


@job(label=_("Look for people who may be one"))
def suggest_merges(community_id: str) -> None:
    """After an import; a community that was deleted meanwhile is no work."""
    community = Community.objects.filter(pk=uuid.UUID(community_id)).first()
    if community is not None:
        suggesting.suggest(community)
