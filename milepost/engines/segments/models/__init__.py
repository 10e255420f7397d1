from __future__ import annotations

from .membership import ListEntry, SegmentDue, SegmentMember, SegmentSize
from .segment import Segment, SegmentQuerySet

__all__ = ["ListEntry", "Segment", "SegmentDue", "SegmentMember", "SegmentQuerySet", "SegmentSize"]
