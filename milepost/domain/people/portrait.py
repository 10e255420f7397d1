"""All that the installation has about one member, for them to take along: JSON Lines in a zip."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from milepost.foundation.activity.models import Activity, MemberDay
from milepost.foundation.audit.models import AuditEntry
from milepost.foundation.identity.models import (
    Account,
    ApiToken,
    Claim,
    Identity,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    PersonMerge,
    Representative,
)

from .holdings import Subject, enclosures, portrayals
from .models import Praise, Profile

type Rows = Iterable[dict[str, Any]]


def own_data(person: Person) -> Iterator[tuple[str, Rows]]:
    """File names and their rows, each streamed; rows are plain values. Files without rows are left out by `write`.

    Secrets (passwords, digests of tokens) are no data about anyone and are not in it.
    """
    subject = Subject.of(person)
    yield from ((f"{name}.jsonl", rows) for name, rows in _own_rows(subject))
    for name, portrayal in portrayals():
        yield f"{name}.jsonl", portrayal(subject)


def rows_of(rows: QuerySet, *, leave_out: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """All columns of a query's rows, but those left out, streamed."""
    columns = [f.attname for f in rows.model._meta.concrete_fields if f.name not in set(leave_out)]
    yield from rows.values(*columns).iterator(chunk_size=2_000)


def _own_rows(subject: Subject) -> Iterator[tuple[str, Rows]]:
    people, identities, account = subject.people, subject.identities, subject.person.account_id
    yield "account", rows_of(Account.objects.filter(people=subject.person), leave_out=["password"])
    yield "mail-addresses", rows_of(EmailAddress.objects.filter(user=account))
    yield "providers", rows_of(SocialAccount.objects.filter(user=account))
    yield "sessions", rows_of(UserSession.objects.filter(user=account), leave_out=["session_key"])
    here = {"community": subject.person.community_id}
    yield "api-keys", rows_of(ApiToken.objects.filter(account=account, **here), leave_out=["digest"])
    yield "join-requests", rows_of(JoinRequest.objects.filter(account=account, **here))
    yield "person", rows_of(Person.objects.filter(pk__in=people))
    yield "profile", rows_of(Profile.objects.filter(person__in=people))
    yield "membership", rows_of(Membership.objects.filter(person__in=people))
    yield "identities", rows_of(Identity.objects.filter(pk__in=identities))
    yield "claims", rows_of(Claim.objects.filter(Q(person__in=people) | Q(identity__in=identities)))
    yield "merges", rows_of(PersonMerge.objects.filter(Q(kept__in=people) | Q(gone__in=people)))
    yield "represents", rows_of(Representative.objects.filter(person__in=people))
    yield "invitations", rows_of(Invitation.objects.filter(invited_by__in=people), leave_out=["digest"])
    yield "praise", rows_of(Praise.objects.filter(Q(giver__in=people) | Q(receiver__in=people)))
    done = Activity.objects.filter(identity__in=identities).order_by("happened_at", "pk")
    yield "activities", rows_of(done, leave_out=["xid", "epoch"])
    yield (
        "received",
        rows_of(
            Activity.objects.filter(other__in=identities).order_by("happened_at", "pk"), leave_out=["xid", "epoch"]
        ),
    )
    yield "days", rows_of(MemberDay.objects.filter(person_id__in=people).order_by("day", "verb"))
    yield "audit", rows_of(AuditEntry.objects.filter(Q(person__in=people) | Q(object_id__in=people)).order_by("at"))


def write(person: Person, file: IO[bytes]) -> dict[str, int]:
    """Write the zip to `file`; returns how many rows each file has. Memory stays flat."""
    counts: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in own_data(person):
            count = _write_rows(archive, name, rows)
            if count:
                counts[name] = count
        for file_name in enclosures(Subject.of(person)):
            if default_storage.exists(file_name):
                with default_storage.open(file_name) as source, archive.open(f"files/{file_name}", "w") as target:
                    while block := source.read(2**16):
                        target.write(block)
                counts["files"] = counts.get("files", 0) + 1
    return counts


def _write_rows(archive: zipfile.ZipFile, name: str, rows: Rows) -> int:
    lines = iter(rows)
    first = next(lines, None)
    if first is None:
        return 0
    count = 0
    with archive.open(name, "w", force_zip64=True) as target:
        while first is not None:
            target.write(json.dumps(first, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n")
            count += 1
            first = next(lines, None)
    return count
