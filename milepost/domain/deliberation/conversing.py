"""Opening a conversation, writing into it, looking after it: the inside of `Conversation` and `Statement`."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from milepost.domain.people.authority import check
from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.common.slugs import free_slug
from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Community, Person

from .drawing import ask_for
from .models import Conversation, Statement
from .models.conversation import Opening
from .models.statement import LONGEST
from .voting import cast

WRITTEN_AT_MOST = 20
"""Statements of one member in one conversation."""
SEEDS_AT_MOST = 50
OPEN_AT_ONCE = 10
"""Open conversations of one member."""


def open_one(model: type[Conversation], *, community: Community, by: Person | None, opening: Opening) -> Conversation:
    check(by, "conversations.open", community)
    question = " ".join(opening.question.split())
    if not question:
        raise DomainError(_("Ask a question."), _("One that members answer in different ways."))
    if len(question) > 200 or len(opening.text) > 4000:
        raise DomainError(_("That is too long."), _("A question has at most 200 letters, its introduction 4,000."))
    if opening.closes_at is not None and opening.closes_at <= clock.now():
        raise DomainError(_("The end is in the past."), _("Choose a later day, or none."))
    if opening.goal is not None and opening.goal.community_id != community.pk:
        raise DomainError(_("That goal is not one of this community."))
    seeds = [_checked(text) for text in opening.statements]
    if len(seeds) > SEEDS_AT_MOST or len({_sameness(text) for text in seeds}) < len(seeds):
        raise DomainError(_("Give at most 50 statements, each once."))
    with transaction.atomic():
        Community.objects.select_for_update().get(pk=community.pk)
        here = model.objects.here(community)
        if by is not None and here.open_at(clock.now()).filter(opened_by=by).count() >= OPEN_AT_ONCE:
            raise DomainError(_("You have ten conversations open."), _("Close one first."))
        made = model.objects.create(
            community=community,
            slug=free_slug(here, question, longest=100, otherwise="conversation"),
            question=question,
            text=opening.text.strip(),
            goal=opening.goal,
            looks_first=opening.looks_first,
            opened_by=by,
            closes_at=opening.closes_at,
        )
        now = made.opened_at
        Statement.objects.bulk_create(
            Statement(
                community=community,
                conversation=made,
                number=n,
                text=text,
                written_by=by,
                written_at=now,
                approved_at=now,
            )
            for n, text in enumerate(seeds, start=1)
        )
        record("conversation.opened", community=community, by=by, obj=made, source_key=f"conversation.opened:{made.pk}")
    return made


def write(conversation: Conversation, *, by: Person | None, text: str) -> Statement:
    check(by, "conversations.write", conversation.community)
    words = _checked(text)
    with transaction.atomic():
        now = _locked(conversation)
        _must_be_open(now)
        if by is not None and now.statements.filter(written_by=by).count() >= WRITTEN_AT_MOST:
            raise DomainError(
                _("You have written %(count)d statements here.") % {"count": WRITTEN_AT_MOST},
                _("Vote on those of others; yours are being voted on."),
            )
        sameness = _sameness(words)
        if any(_sameness(one) == sameness for one in now.statements.values_list("text", flat=True)):
            raise Conflict(_("That statement is there already."), _("Vote on it, or say it differently."))
        number = (now.statements.aggregate(last=Max("number"))["last"] or 0) + 1
        trusted = by is None or _may_tend(by, now)
        made = Statement.objects.create(
            community=now.community,
            conversation=now,
            number=number,
            text=words,
            written_by=by,
            approved_at=clock.now() if trusted or not now.looks_first else None,
        )
        record("statement.written", community=now.community, by=by, obj=now, source_key=f"statement.written:{made.pk}")
        if by is not None:
            cast(made, by=by, value=1)
    made.refresh_from_db()
    return made


def close(conversation: Conversation, *, by: Person | None) -> None:
    _tending(conversation, by)
    with transaction.atomic():
        now = _locked(conversation)
        if now.closed_at is None:
            now.closed_at, now.closed_by = clock.now(), by
            now.save(update_fields=["closed_at", "closed_by"])
            record("conversation.closed", community=now.community, by=by, obj=now)
            trace("conversation.closed", community=now.community, by=by, obj=now)
            ask_for(now)
    conversation.refresh_from_db()


def reopen(conversation: Conversation, *, by: Person | None) -> None:
    _tending(conversation, by)
    with transaction.atomic():
        now = _locked(conversation)
        if not now.is_open:
            now.closed_at = now.closed_by = now.closes_at = None
            now.save(update_fields=["closed_at", "closed_by", "closes_at"])
            record("conversation.reopened", community=now.community, by=by, obj=now)
            trace("conversation.reopened", community=now.community, by=by, obj=now)
    conversation.refresh_from_db()


def approve(statement: Statement, *, by: Person | None) -> None:
    _tending(statement.conversation, by)
    with transaction.atomic():
        now = Statement.objects.select_for_update().get(pk=statement.pk)
        if not now.is_shown:
            now.approved_at = now.approved_at or clock.now()
            now.hidden_at, now.hidden_by, now.hidden_because = None, None, ""
            now.save(update_fields=["approved_at", "hidden_at", "hidden_by", "hidden_because"])
            trace("statement.approved", community=now.community, by=by, obj=now)
            ask_for(statement.conversation)
    statement.refresh_from_db()


def hide(statement: Statement, *, by: Person | None, reason: str) -> None:
    _tending(statement.conversation, by)
    reason = " ".join(reason.split())[:400]
    if not reason:
        raise DomainError(_("Say why, for whoever wrote it."), _("A few words are enough."))
    with transaction.atomic():
        now = Statement.objects.select_for_update().get(pk=statement.pk)
        if now.hidden_at is None:
            now.hidden_at, now.hidden_by, now.hidden_because = clock.now(), by, reason
            now.save(update_fields=["hidden_at", "hidden_by", "hidden_because"])
            trace("statement.hidden", community=now.community, by=by, obj=now, reason=reason)
            ask_for(statement.conversation)
    statement.refresh_from_db()


def _checked(text: str) -> str:
    words = " ".join(text.replace("\0", "").split())
    if not words:
        raise DomainError(_("Write a statement."), _("One thought that others can agree or disagree with."))
    if len(words) > LONGEST:
        raise DomainError(
            _("A statement has at most %(most)d letters; this one has %(count)d.")
            % {"most": LONGEST, "count": len(words)},
            _("Keep to one thought, and write the others as statements of their own."),
        )
    return words


def _sameness(text: str) -> str:
    """What two statements have in common that say the same words."""
    return "".join(letter for letter in text.casefold() if letter.isalnum()) or text


def _locked(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def _must_be_open(conversation: Conversation) -> None:
    if not conversation.is_open:
        raise Conflict(_("This conversation has ended."), _("What was said in it stays, and so does its map."))


def _tending(conversation: Conversation, by: Person | None) -> None:
    if by is not None:
        require(_actor(by, conversation), "conversations.tend", conversation)


def _may_tend(by: Person, conversation: Conversation) -> bool:
    from milepost.foundation.identity.access import can

    return can(_actor(by, conversation), "conversations.tend", conversation)


def _actor(by: Person, conversation: Any) -> Actor:
    """As somebody of another community, they are a stranger here."""
    if by.community_id == conversation.community_id:
        return Actor.of(by)
    return Actor(community=conversation.community, account=by.account)
