"""What this app holds of a person: what they opened and wrote, and how they voted.

How someone voted is theirs alone: it goes when they are erased, and only they are handed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from milepost.domain.people.holdings import Subject, erases, moves, portrays
from milepost.domain.people.portrait import rows_of

from .drawing import ask_for, recount
from .models import Conversation, Statement, StatementVote

moves(Conversation, "opened_by")
moves(Conversation, "closed_by")
moves(Statement, "written_by")
moves(Statement, "hidden_by")
moves(StatementVote, "person", unique=("statement",))


@erases
def erase(subject: Subject) -> dict[str, int]:
    """Their votes go, and the counts with them; statements that others voted on stay, under no name; the rest goes."""
    votes = StatementVote.objects.filter(person__in=subject.people)
    touched = list(Conversation.objects.filter(pk__in=votes.values("conversation")))
    counts = {"statement votes": votes.delete()[0]}
    for conversation in touched:
        recount(conversation)
        ask_for(conversation)
    alone = Statement.objects.filter(written_by__in=subject.people, agree=0, disagree=0, passed=0)
    counts["statements"] = alone.delete()[0]
    return counts


def opened(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Conversation.objects.filter(opened_by__in=subject.people))


def written(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(Statement.objects.filter(written_by__in=subject.people))


def voted(subject: Subject) -> Iterator[dict[str, Any]]:
    return rows_of(StatementVote.objects.filter(person__in=subject.people))


portrays("conversations-opened", opened)
portrays("statements-written", written)
portrays("statement-votes", voted)
