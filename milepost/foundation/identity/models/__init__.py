from __future__ import annotations

from .account import Account
from .community import Community
from .entry import Invitation, JoinRequest
from .linking import Claim, ErasedIdentity, MergeSuggestion, PersonMerge
from .person import Identity, Membership, Person, Representative
from .token import ApiToken, IdempotentAnswer

__all__ = [
    "Account",
    "ApiToken",
    "Claim",
    "Community",
    "ErasedIdentity",
    "IdempotentAnswer",
    "Identity",
    "Invitation",
    "JoinRequest",
    "Membership",
    "MergeSuggestion",
    "Person",
    "PersonMerge",
    "Representative",
]
