from __future__ import annotations

from .congratulating import Cheer, Word
from .landmark import Landmark
from .moment import Moment, MomentAward
from .wall import Wall
from .wording import Wording

__all__ = ["Cheer", "Landmark", "Moment", "MomentAward", "Wall", "Word", "Wording"]
