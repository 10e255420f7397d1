"""Exports of a whole community that an owner asked for on a page: made in the background, kept for a few days.

Files lie in MILEPOST_HOME/outgoing, under a random name in a folder of the community.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict
from milepost.foundation.identity.models import Community, Person
from milepost.foundation.jobs.models import JobRun

from .moving import take_out

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Export:
    """A finished export. `size` in bytes."""

    name: str
    made_at: datetime
    size: int

    @property
    def until(self) -> datetime:
        return self.made_at + KEPT


def folder(community: Community) -> Path:
    place: Path = settings.MILEPOST_HOME / "outgoing" / community.pk.hex
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def ask(*, community: Community, by: Person | None) -> None:
    """Have an export made. Raises NotAllowed, Conflict where one is being made."""
    from .tasks import carry_out_export

    check(by, "community.export", community)
    if under_way(community) is not None:
        raise Conflict(_("An export is being made already."), _("It is listed here when it is done."))
    with transaction.atomic():
        carry_out_export.using(community_id=community.pk, requested_by=by.account_id if by else None).enqueue(
            str(community.pk), secrets.token_urlsafe(18)
        )
        trace("community.exported", community=community, by=by)


def under_way(community: Community) -> JobRun | None:
    from .tasks import carry_out_export

    return JobRun.objects.for_community(community.pk).named(carry_out_export.name).unended().first()


def failed(community: Community) -> JobRun | None:
    """The last request, where it failed."""
    from .tasks import carry_out_export

    last = JobRun.objects.for_community(community.pk).named(carry_out_export.name).order_by("-queued_at").first()
    return last if last is not None and last.failed_at else None


def write(community: Community, name: str, *, progress: Callable[[int, int, str], None] | None = None) -> None:
    take_out(community, folder(community) / f"{name}.zip", progress=progress)


def finished(community: Community) -> list[Export]:
    """Newest first; those past their time are not among them."""
    found = [
        Export(place.stem, datetime.fromtimestamp(place.stat().st_mtime, UTC), place.stat().st_size)
        for place in folder(community).glob("*.zip")
    ]
    return sorted((e for e in found if e.until > clock.now()), key=lambda e: e.made_at, reverse=True)


def file_of(community: Community, name: str) -> Path | None:
    """The file of a finished export that has not expired."""
    known = {export.name for export in finished(community)}
    return folder(community) / f"{name}.zip" if name in known else None


def forget_old() -> int:
    """Delete exports past their time, and what an attempt that broke off left behind. Returns how many."""
    root: Path = settings.MILEPOST_HOME / "outgoing"
    old = [p for p in root.glob("*/*") if p.stat().st_mtime < (clock.now() - KEPT).timestamp()]
    for place in old:
        place.unlink(missing_ok=True)
    return len(old)
