from __future__ import annotations

import itertools
from typing import Any

from milepost.engines.segments.keeping import fill
from milepost.engines.segments.models import Segment
from milepost.foundation.identity.models import Community

from .people import make_community

_number = itertools.count(1)


def make_segment(community: Community | None = None, *, rule: Any = None, name: str = "", **fields: Any) -> Segment:
    """A segment, and who is in it; without a rule, an empty list."""
    community = community or make_community()
    made = Segment.define(community=community, name=name or f"Segment {next(_number)}", rule=rule, by=None, **fields)
    fill(made)
    return made
