from __future__ import annotations

from .activity import Activity, LogEpoch, Retraction
from .cursor import ReaderCursor
from .rollup import MemberDay, MemberObjectDay

__all__ = ["Activity", "LogEpoch", "MemberDay", "MemberObjectDay", "ReaderCursor", "Retraction"]
