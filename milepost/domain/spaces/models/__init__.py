from __future__ import annotations

from .post import Attachment, Mention, Post, PostRevision, Reaction
from .space import Space, SpaceMember
from .thread import ReadMark, Tag, Thread

__all__ = ["Attachment", "Mention", "Post", "PostRevision", "Reaction", "ReadMark", "Space", "SpaceMember", "Tag", "Thread"]
