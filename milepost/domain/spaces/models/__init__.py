from __future__ import annotations

from .post import Attachment, Mention, Post, PostRevision, Reaction
from .space import Space, SpaceMember
from .thread import ReadMark, SpaceReadMark, Tag, Thread

__all__ = [
    "Attachment",
    "Mention",
    "Post",
    "PostRevision",
    "Reaction",
    "ReadMark",
    "Space",
    "SpaceMember",
    "SpaceReadMark",
    "Tag",
    "Thread",
]
