"""A whole community, out of one site and into another: documented JSON Lines and files in a zip."""

from __future__ import annotations

from .bringing import bring_back
from .report import MoveReport
from .taking import take_out

__all__ = ["MoveReport", "bring_back", "take_out"]
