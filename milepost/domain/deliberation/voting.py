"""Voting on statements: the counts move with each vote, the map follows by a job."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Person

from .drawing import ask_for
from .models import Conversation, Statement, StatementVote

LOOKED_AT = 10
"""Of the least seen statements, among how many one is chosen."""
COLUMN = {1: "agree", -1: "disagree", 0: "passed"}


def vote(statement: Statement, *, by: Person, value: int) -> StatementVote:
    check(by, "conversations.vote", statement.community)
    if value not in COLUMN:
        raise DomainError(_("Agree, disagree or pass."))
    with transaction.atomic():
        # In this order everywhere: the conversation, then the statement. Votes of one moment wait in line.
        conversation = Conversation.objects.select_for_update().get(pk=statement.conversation_id)
        if not conversation.is_open:
            raise Conflict(_("This conversation has ended."), _("What you said before counts."))
        now = Statement.objects.select_for_update().get(pk=statement.pk)
        if not now.is_shown:
            raise Conflict(_("This statement is not voted on now."), _("Go on with the next one."))
        return cast(now, by=by, value=value)


def cast(statement: Statement, *, by: Person, value: int) -> StatementVote:
    """The vote itself, inside the transaction that checked it."""
    before = StatementVote.objects.filter(statement=statement, person=by).first()
    if before is not None and before.value == value:
        return before
    given, _made = StatementVote.objects.update_or_create(
        statement=statement,
        person=by,
        defaults={
            "community_id": statement.community_id,
            "conversation_id": statement.conversation_id,
            "value": value,
            "at": clock.now(),
        },
    )
    moves = {COLUMN[value]: F(COLUMN[value]) + 1}
    if before is not None:
        moves[COLUMN[before.value]] = F(COLUMN[before.value]) - 1
    Statement.objects.filter(pk=statement.pk).update(**moves)
    community = statement.community
    day = clock.today(community.time_zone)
    record(
        "vote.cast",
        community=community,
        by=by,
        obj=statement.conversation,
        source_key=f"vote.cast:{statement.conversation_id}:{by.pk}:{day}",
    )
    ask_for(statement.conversation)
    return given


def next_for(conversation: Conversation, person: Person) -> Statement | None:
    """Of the least seen ones that the person has not voted on, by a mark of their own, so that all are seen alike soon."""
    first = list(conversation.statements.shown().not_voted_by(person).least_seen_first()[:LOOKED_AT])
    if not first:
        return None
    least = first[0].seen
    return min(
        (one for one in first if one.seen == least),
        key=lambda one: hashlib.sha256(person.pk.bytes + one.pk.bytes).digest(),
    )
