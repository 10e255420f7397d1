"""`milepost bench`: how fast this machine is at what Milepost does, against the least that the same work costs here.

Each part runs in processes of its own, on a site of its own that goes away afterwards, so that its CPU time and its memory
are its own. Figures that depend on the machine are printed beside ratios, which depend on it much less.
"""

from __future__ import annotations

from .command import bench

__all__ = ["bench"]
