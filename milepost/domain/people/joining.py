"""The way in: joining by the community's policy, asking and being admitted, founding a community."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import local_identity, record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError, NotAllowed
from milepost.foundation.identity.access import Actor, require
from milepost.foundation.identity.models import Account, Community, Invitation, JoinRequest, Membership, Person
from milepost.foundation.identity.roles import RANK, Role

from . import letters
from .authority import check
from .handles import give_handle

Policy = Community.JoinPolicy


class AgreementNeeded(DomainError):
    """The community asks whoever joins to agree to its values first."""


def join(
    *,
    account: Account,
    community: Community,
    came_from: str = "",
    invitation: Invitation | None = None,
    agreed: bool = False,
) -> Membership:
    """The account becomes a member, by the community's policy; who belongs already stays as they are.

    Someone who was here before comes back as the same person, with their history and the plain role of a member. An
    `invitation` (given by `inviting.accept`, which counted it) opens communities that are closed otherwise. `agreed`: the
    caller stores the agreement to the values in the same transaction (`charter.agreeing`). Records `member.joined`.

    Raises AgreementNeeded, NotAllowed where answers or an invitation are asked for, DomainError for a closed community.
    """
    with transaction.atomic():
        _lock(account)
        if standing := Membership.objects.of(account, community):
            return standing
        _policy_allows(community, invited=invitation is not None, agreed=agreed)
        role = granted_role(invitation) if invitation else Role.MEMBER
        return _enter(account, community, came_from=came_from, invitation=invitation, role=role)


def granted_role(invitation: Invitation) -> str:
    """The invitation's role, but never above what the inviter's own is by now."""
    inviters = Membership.objects.active().filter(person=invitation.invited_by).values_list("role", flat=True).first()
    return min(invitation.role, inviters or Role.MEMBER, key=RANK.__getitem__)


def _lock(account: Account) -> None:
    """Two tabs, one account: the second waits, and finds the first one's membership."""
    if not Account.objects.select_for_update().filter(pk=account.pk, is_active=True).exists():
        raise NotAllowed(_("This account is closed."))


def _policy_allows(community: Community, *, invited: bool, agreed: bool) -> None:
    if community.archived_at is not None:
        raise DomainError(_("%(name)s is archived: nobody joins it any more.") % {"name": community.name})
    if community.join_policy == Policy.QUESTIONS and not invited:
        raise NotAllowed(
            _("%(name)s asks a few questions of whoever wants to join.") % {"name": community.name},
            _("Answer them, and a steward will read what you wrote."),
        )
    if community.join_policy == Policy.INVITED and not invited:
        raise NotAllowed(
            _("%(name)s is joined by invitation only.") % {"name": community.name}, _("Ask a member for one.")
        )
    if community.join_policy == Policy.AGREE and not agreed:
        raise AgreementNeeded(
            _("%(name)s asks you to agree to its values first.") % {"name": community.name},
            _("Read them, then agree and join."),
        )


def _enter(
    account: Account,
    community: Community,
    *,
    came_from: str = "",
    invitation: Invitation | None = None,
    role: str = Role.MEMBER,
) -> Membership:
    now = clock.now()
    person, _new = Person.objects.get_or_create(
        community=community, account=account, defaults={"name": account.get_full_name(), "claimed_at": now}
    )
    give_handle(person)
    came_from = came_from.strip()[:120] or (invitation.label if invitation else "")
    inviter = invitation.invited_by if invitation else None
    membership = Membership.objects.filter(person=person).first()
    if membership is None:
        membership = Membership.objects.create(
            community=community, person=person, role=role, joined_at=now, came_from=came_from, invited_by=inviter
        )
        returned = False
    else:
        membership.role, membership.left_at = role, None
        membership.paused_at = membership.paused_until = None
        membership.save(update_fields=["role", "left_at", "paused_at", "paused_until"])
        returned = True
    membership.person = person
    data: dict[str, Any] = {"came_from": came_from}
    if returned:
        data["returned"] = True
    if invitation is not None:
        data["invitation"] = str(invitation.pk)
    record("member.joined", community=community, by=local_identity(person), other=inviter, data=data)
    if role != Role.MEMBER:
        record("role.taken", community=community, by=local_identity(person), data={"role": role, "before": ""})
    return membership


# --- by answers -------------------------------------------------------------------------------------


def ask(*, account: Account, community: Community, answers: dict[str, str], came_from: str = "") -> JoinRequest:
    """Someone answers the community's questions, and waits for a steward. `answers`: by the question's key.

    Raises DomainError where no questions are asked or one is not answered, Conflict for who belongs or waits already.
    """
    if community.join_policy != Policy.QUESTIONS or community.archived_at is not None:
        raise DomainError(_("%(name)s asks no questions of those who want to join.") % {"name": community.name})
    kept = {}
    for question in community.questions():
        answer = str(answers.get(question["key"], "")).strip()[:4000]
        if not answer:
            raise DomainError(_("“%(question)s” has no answer yet.") % {"question": question["question"]})
        kept[question["key"]] = answer
    with transaction.atomic():
        _lock(account)
        if Membership.objects.of(account, community):
            raise Conflict(_("You are a member of %(name)s already.") % {"name": community.name})
        if JoinRequest.objects.filter(
            community=community, account=account, accepted_at__isnull=True, declined_at__isnull=True
        ).exists():
            raise Conflict(_("Your answers are with the stewards already."), _("You will get a mail when they decide."))
        return JoinRequest.objects.create(
            community=community, account=account, answers=kept, came_from=came_from.strip()[:120]
        )


def admit(*, request: JoinRequest, by: Person | None, note: str = "") -> Membership:
    """A steward lets someone in after reading their answers; they get a mail. Records `member.joined`.

    Raises NotAllowed, and Conflict where it was decided already.
    """
    with transaction.atomic():
        request = _undecided(request, by)
        request.accepted_at, request.decided_by, request.note = clock.now(), by, note.strip()
        request.save(update_fields=["accepted_at", "decided_by", "note"])
        _lock(request.account)
        membership = Membership.objects.of(request.account, request.community) or _enter(
            request.account, request.community, came_from=request.came_from
        )
        trace("member.admitted", community=request.community, by=by, obj=membership.person, reason=note.strip())
        letters.admitted(request)
    return membership


def decline(*, request: JoinRequest, by: Person | None, note: str = "") -> None:
    """A steward does not let someone in; the note goes to them by mail. They may ask again.

    Raises NotAllowed, and Conflict where it was decided already.
    """
    with transaction.atomic():
        request = _undecided(request, by)
        request.declined_at, request.decided_by, request.note = clock.now(), by, note.strip()
        request.save(update_fields=["declined_at", "decided_by", "note"])
        trace("member.declined", community=request.community, by=by, obj=request, reason=note.strip())
        letters.declined(request)


def _undecided(request: JoinRequest, by: Person | None) -> JoinRequest:
    check(by, "people.admit", request.community)
    # "of" the row itself: the nullable join to who decided cannot be locked on PostgreSQL.
    locked = (
        JoinRequest.objects.select_for_update(of=("self",)).select_related("account", "community").get(pk=request.pk)
    )
    if not locked.is_open:
        raise Conflict(_("Another steward has decided this meanwhile."))
    return locked


# --- founding ---------------------------------------------------------------------------------------


def found_community(
    *, slug: str, name: str, owner: Account | None, parent: Community | None = None, **fields: Any
) -> Community:
    """A new community, with its owner if given (the command line may add one later), perhaps as part of another.

    `fields` are the community's own (`tagline`, `time_zone`, `join_policy`, ...). Records `community.founded` and the
    owner's `member.joined`. Raises DomainError with what is wrong with a field, NotAllowed where the owner is no steward of
    `parent`.
    """
    community = Community(slug=slug, name=name.strip(), parent=parent, **fields)
    try:
        community.full_clean()
    except ValidationError as error:
        raise DomainError(
            "; ".join(f"{field}: {' '.join(words)}" for field, words in error.message_dict.items())
        ) from error
    with transaction.atomic():
        if parent is not None and owner is not None:
            above = Membership.objects.of(owner, parent)
            require(Actor(community=parent, account=owner, membership=above), "community.settings")
        community.save()
        founder = None
        if owner is not None:
            _lock(owner)
            founder = _enter(owner, community, role=Role.OWNER).person
        record("community.founded", community=community, by=founder, source_key=f"community.founded:{community.pk}")
        trace("community.founded", community=community, by=founder, obj=community)
    return community


def enrol(*, community: Community, account: Account, role: str = Role.MEMBER) -> Membership:
    """For the command line: the account belongs, with this role, whatever the policy; twice changes nothing.

    Records `member.joined`, or `role.taken` for a member whose role changes.
    """
    from .belonging import take_role

    with transaction.atomic():
        _lock(account)
        membership = Membership.objects.of(account, community)
        if membership is None:
            return _enter(account, community, role=role)
        if membership.role != role:
            return take_role(person=membership.person, role=role, by=None)
        return membership
