from __future__ import annotations

from .conversation import Conversation, OpinionPicture
from .statement import Statement, StatementVote

__all__ = ["Conversation", "OpinionPicture", "Statement", "StatementVote"]
