"""Finding a community by the name that a command was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .terminal import Refused

if TYPE_CHECKING:
    from milepost.foundation.identity.models import Community


def find(slug: str) -> Community:
    """Raises Refused, with the names that there are."""
    from milepost.foundation.identity.models import Community

    found = Community.objects.filter(slug=slug).first()
    if found is None:
        names = ", ".join(Community.objects.order_by("slug").values_list("slug", flat=True)[:20])
        there = f"There are: {names}. " if names else "There is none yet. "
        raise Refused(
            f"There is no community “{slug}”.", f"{there}`milepost community create {slug} --name …` makes it."
        )
    return found
