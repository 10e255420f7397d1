"""Two people who turn out to be one, and the way back.

No row of the log moves: identities point to another person, and the roll-ups count anew when they read `person.merged` and
`person.split`. The trace (`PersonMerge.moved`) says what went along, so that splitting restores it:

    identities   {identity id: when it was claimed}
    rows         {"app.model.field": {"moved": [keys], "aside": [whole rows that the other had already]}}
    before       what the kept one's membership said, where the other's was put aside
    handle       the @name that the kept one got
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from milepost.foundation.activity.recording import record
from milepost.foundation.audit.models import trace
from milepost.foundation.common import clock
from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Identity, Membership, MergeSuggestion, Person, PersonMerge

from .authority import check
from .holdings import Moving, bring_back, moving, put_aside

MEMBERSHIP = Moving(Membership, "person", (), "")


def merge(*, kept: Person, gone: Person, by: Person | None, reason: str = "") -> PersonMerge:
    """A steward says that two people are one. Records `person.merged`.

    Where only one of the two has a sign-in here, that one is kept, whichever was named. Identities, membership and
    whatever the apps registered go along; of two memberships the earlier day of joining holds.

    Raises NotAllowed, and DomainError for two people with two sign-ins, different kinds, or someone merged or erased already.
    """
    check(by, "people.link", kept.community)
    return merge_proven(kept=kept, gone=gone, by=by, reason=reason)


def merge_proven(*, kept: Person, gone: Person, by: Person | None, reason: str = "") -> PersonMerge:
    """The same, for a claim that was proven: no steward is asked. Records `person.merged`."""
    with transaction.atomic():
        kept, gone = _both(kept, gone)
        if gone.is_claimed and not kept.is_claimed:
            kept, gone = gone, kept
        made = PersonMerge.objects.create(
            community=kept.community, kept=kept, gone=gone, by=by, reason=reason.strip(), moved={}
        )
        made.moved = {"identities": _move_identities(gone, kept), "rows": {}}
        for rule in [MEMBERSHIP, *moving()]:
            made.moved["rows"][rule.label] = _move(rule, gone, kept)
        _remember_membership(made)
        _hand_over_handle(made)
        gone.merged_into = kept
        gone.save(update_fields=["merged_into"])
        made.save(update_fields=["moved"])
        _settle_membership(kept)
        _tell("person.merged", made, by, reason)
        return made


def split(*, merge: PersonMerge, by: Person | None, reason: str = "") -> None:
    """Undo a merge: each of the two has again what was theirs; what came to the kept one since stays there.

    Records `person.split`. Raises NotAllowed, Conflict if it was undone already, DomainError where one was merged further
    (that merge is undone first) or erased.
    """
    check(by, "people.link", merge.community)
    with transaction.atomic():
        undone = (
            PersonMerge.objects.select_for_update(of=("self",))
            .select_related("kept", "gone", "community")
            .get(pk=merge.pk)
        )
        if undone.undone_at is not None:
            raise Conflict(_("This merge has been undone already."))
        kept, gone = undone.kept, undone.gone = _lock(undone.kept, undone.gone)
        if kept.erased_at or gone.erased_at:
            raise DomainError(_("Whoever was erased cannot be split any more."))
        if kept.merged_into_id is not None:
            raise DomainError(
                _("%(name)s was merged into someone else later.") % {"name": kept}, _("Undo that merge first.")
            )
        gone.merged_into = None
        gone.save(update_fields=["merged_into"])
        undone.undone_at, undone.undone_by = clock.now(), by
        undone.save(update_fields=["undone_at", "undone_by"])
        _return_identities(undone)
        for rule in [MEMBERSHIP, *moving()]:
            _return_rows(rule, undone)
        _return_handle(undone)
        _restate_membership(undone)
        _settle_membership(kept)
        # Whoever took them apart does not want to be asked again whether they are one.
        one, other = sorted((kept.pk, gone.pk))
        MergeSuggestion.objects.update_or_create(
            one_id=one, other_id=other, defaults={"community_id": undone.community_id, "dismissed_at": clock.now()}
        )
        _tell("person.split", undone, by, reason)


def _tell(verb: str, merge: PersonMerge, by: Person | None, reason: str) -> None:
    people = {"kept": str(merge.kept_id), "gone": str(merge.gone_id)}
    record(verb, community=merge.community, by=by, object_kind="person", object_id=merge.kept_id, data=people)
    trace(
        verb,
        community=merge.community,
        by=by,
        obj=merge.kept,
        changes={"gone": ["", str(merge.gone_id)], "merge": ["", str(merge.pk)]},
        reason=reason.strip(),
    )


def _lock(kept: Person, gone: Person) -> tuple[Person, Person]:
    """Both rows, held in the order of their ids so that two merges never wait for each other."""
    rows = {
        p.pk: p
        for p in Person.objects.select_for_update(of=("self",))
        .select_related("community")
        .filter(pk__in=[kept.pk, gone.pk])
        .order_by("pk")
    }
    return rows[kept.pk], rows[gone.pk]


def _both(kept: Person, gone: Person) -> tuple[Person, Person]:
    if kept.pk == gone.pk:
        raise DomainError(_("That is one person already."))
    if kept.community_id != gone.community_id:
        raise DomainError(_("These two belong to different communities."))
    kept, gone = _lock(kept, gone)
    for person in (kept, gone):
        if person.merged_into_id is not None or person.erased_at is not None:
            raise Conflict(_("%(name)s is not there any more: merged or erased meanwhile.") % {"name": person})
    if kept.kind != gone.kind:
        raise DomainError(
            _("One of the two is a %(one)s, the other a %(other)s.")
            % {"one": kept.get_kind_display(), "other": gone.get_kind_display()}
        )
    if kept.is_claimed and gone.is_claimed:
        raise DomainError(
            _("Both have a sign-in of their own here, so the site takes them for two people."),
            _("If they are one, that person can erase one of the two accounts, after taking out its data."),
        )
    return kept, gone


# --- identities -------------------------------------------------------------------------------------


def _move_identities(gone: Person, kept: Person) -> dict[str, str | None]:
    identities = Identity.objects.filter(person=gone)
    moved = {str(pk): at.isoformat() if at else None for pk, at in identities.values_list("pk", "claimed_at")}
    identities.update(person=kept)
    return moved


def _return_identities(merge: PersonMerge) -> None:
    moved = merge.moved["identities"]
    theirs = list(Identity.objects.filter(pk__in=list(moved), person=merge.kept))
    for identity in theirs:
        at = moved[str(identity.pk)]
        identity.person = merge.gone
        identity.claimed_at = datetime.datetime.fromisoformat(at) if at else None
    Identity.objects.bulk_update(theirs, ["person", "claimed_at"], batch_size=500)


# --- rows of the apps -------------------------------------------------------------------------------


def _rows(rule: Moving, person: Person) -> Any:
    return rule.model._default_manager.filter(**{rule.field: person})


def _doubled(rule: Moving, rows: Any, other: Person) -> Any:
    """Of `rows`, those of which `other` has the like already."""
    if rule.unique is None:
        return rows.none()
    like = rule.model._default_manager.filter(**{rule.field: other} | {field: OuterRef(field) for field in rule.unique})
    return rows.filter(Exists(like))


def _move(rule: Moving, gone: Person, kept: Person) -> dict[str, list[Any]]:
    rows = _rows(rule, gone)
    if rule.apart:
        rows = rows.exclude(**{rule.apart: kept})
    aside = [put_aside(row) for row in _doubled(rule, rows, kept)]
    _doubled(rule, rows, kept).delete()
    moved = [[str(value) for value in key] for key in rows.values_list(*_key(rule))]
    rows.update(**{rule.field: kept})
    return {"moved": moved, "aside": aside}


def _key(rule: Moving) -> list[str]:
    """The columns that name one row among those of a person: its id, or what a composite key has besides the person."""
    key = rule.model._meta.pk
    if isinstance(key, models.CompositePrimaryKey):
        return [name for name in (field.name for field in key.fields) if name != rule.field]
    return ["pk"]


def _take_back(rule: Moving, keys: list[list[str]], merge: PersonMerge) -> None:
    names = _key(rule)
    for start in range(0, len(keys), 200):
        some = keys[start : start + 200]
        wanted = models.Q(pk__in=[key[0] for key in some])
        if names != ["pk"]:
            wanted = models.Q(*(models.Q(**dict(zip(names, key, strict=True))) for key in some), _connector=models.Q.OR)
        _rows(rule, merge.kept).filter(wanted).update(**{rule.field: merge.gone})


def _return_rows(rule: Moving, merge: PersonMerge) -> None:
    """Give back; and where the kept one is now without a row that a merge still standing put aside, it gets that one."""
    held = merge.moved["rows"].get(rule.label, {"moved": [], "aside": []})
    _take_back(rule, held["moved"], merge)
    attname = _attname(rule, rule.field)
    for values in held["aside"]:
        bring_back(rule.model, values, **{attname: merge.gone_id})
    if rule.unique is None:
        return
    for later in _standing(merge.kept):
        theirs = later.moved["rows"].get(rule.label, {"moved": [], "aside": []})
        still_aside = []
        for values in theirs["aside"]:
            keys = {name: values[name] for name in (_attname(rule, field) for field in rule.unique)}
            if rule.model._default_manager.filter(**{attname: merge.kept_id} | keys).exists():
                still_aside.append(values)
            else:
                row = bring_back(rule.model, values, **{attname: merge.kept_id})
                theirs["moved"].append([str(row.serializable_value(name)) for name in _key(rule)])
        if len(still_aside) != len(theirs["aside"]):
            theirs["aside"] = still_aside
            later.moved["rows"][rule.label] = theirs
            later.save(update_fields=["moved"])


def _attname(rule: Moving, field: str) -> str:
    column = rule.model._meta.get_field(field)
    assert isinstance(column, models.Field)
    return column.attname


def _standing(kept: Person) -> list[PersonMerge]:
    """The merges into a person that hold, in the order in which they were made."""
    return list(PersonMerge.objects.filter(kept=kept, undone_at__isnull=True).order_by("at", "pk"))


# --- the membership's own facts ---------------------------------------------------------------------


def _facts(membership: Membership) -> dict[str, str]:
    return {"joined_at": membership.joined_at.isoformat(), "came_from": membership.came_from}


def _state(membership: Membership, facts: dict[str, str]) -> None:
    membership.joined_at = datetime.datetime.fromisoformat(facts["joined_at"])
    membership.came_from = facts["came_from"]
    membership.save(update_fields=["joined_at", "came_from"])


def _base(merges: list[PersonMerge]) -> dict[str, str] | None:
    """What the membership that the kept one holds said by itself; the same in all merges that put one aside."""
    return next((m.moved["before"] for m in merges if "before" in m.moved), None)


def _remember_membership(made: PersonMerge) -> None:
    if made.moved["rows"][MEMBERSHIP.label]["aside"]:
        made.moved["before"] = _base(_standing(made.kept)) or _facts(Membership.objects.get(person=made.kept))


def _restate_membership(undone: PersonMerge) -> None:
    """After the rows went back: the one that returned says what it said before, and so does the one that stays."""
    held, standing = undone.moved["rows"][MEMBERSHIP.label], _standing(undone.kept)
    base = _base([undone, *standing])
    if base is None:
        return
    stays = Membership.objects.filter(person=undone.kept).first()
    if held["moved"]:
        if back := Membership.objects.filter(person=undone.gone).first():
            _state(back, base)
        for later in standing:
            later.moved.pop("before", None)
            if stays and later.moved["rows"][MEMBERSHIP.label]["aside"]:
                later.moved["before"] = _facts(stays)
            later.save(update_fields=["moved"])
    elif stays and not _base(standing):
        _state(stays, base)


def _settle_membership(kept: Person) -> None:
    """Of all memberships that are now one: the earliest day of joining, and the first word on where they came from."""
    merges = _standing(kept)
    membership, own = Membership.objects.filter(person=kept).first(), _base(merges)
    if membership is None or own is None:
        return
    facts = [own, *(values for m in merges for values in m.moved["rows"][MEMBERSHIP.label]["aside"])]
    earliest = min(facts, key=lambda f: datetime.datetime.fromisoformat(f["joined_at"]))
    first_word = next((f["came_from"] for f in facts if f["came_from"]), "")
    _state(membership, {"joined_at": earliest["joined_at"], "came_from": first_word})


# --- the @name --------------------------------------------------------------------------------------


def _hand_over_handle(merge: PersonMerge) -> None:
    """A kept one without an @name gets the other's."""
    kept, gone = merge.kept, merge.gone
    if kept.handle or not gone.handle:
        return
    merge.moved["handle"], gone.handle = gone.handle, ""
    gone.save(update_fields=["handle"])
    kept.handle = merge.moved["handle"]
    kept.save(update_fields=["handle"])


def _return_handle(undone: PersonMerge) -> None:
    handle, kept, gone = undone.moved.get("handle"), undone.kept, undone.gone
    if not handle:
        return
    if kept.handle == handle:
        kept.handle = ""
        kept.save(update_fields=["handle"])
        for later in _standing(kept):
            later.kept = kept
            _hand_over_handle(later)
            later.save(update_fields=["moved"])
    if not Person.objects.filter(community=undone.community, handle=handle).exists():
        gone.handle = handle
        gone.save(update_fields=["handle"])
