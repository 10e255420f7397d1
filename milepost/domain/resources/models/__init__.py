from __future__ import annotations

from .resource import Resource, ResourceAuthor, ResourceTag
from .using import Completion, LessonDone, Rating
from .version import ResourceVersion

__all__ = [
    "Completion",
    "LessonDone",
    "Rating",
    "Resource",
    "ResourceAuthor",
    "ResourceTag",
    "ResourceVersion",
]
