"""@names: each once in a community, made from a person's name."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from milepost.foundation.common.errors import Conflict, DomainError
from milepost.foundation.identity.models import Community, Person

LONGEST = 40
_FORM = re.compile(r"^\w(?:[\w-]*\w)?$")


def proposals(name: str) -> list[str]:
    """What a person of this name could be called, the shortest first: "amara", "amara-okonkwo"."""
    # Names in scripts without Latin letters keep their own.
    whole = (slugify(name) or slugify(name, allow_unicode=True))[:LONGEST].strip("-_")
    return list(dict.fromkeys(part for part in (whole.partition("-")[0], whole) if len(part) > 1)) or ["member"]


def free_handle(community: Community, name: str) -> str:
    """One that nobody in the community has at this moment."""
    wanted = proposals(name)
    stem = wanted[-1]
    taken = set(
        Person.objects.filter(community=community, handle__startswith=wanted[0]).values_list("handle", flat=True)
    )
    for handle in wanted:
        if handle not in taken:
            return handle
    n = 2
    while f"{stem}{n}" in taken:
        n += 1
    return f"{stem}{n}"


def give_handle(person: Person) -> str:
    """Save a free handle for a person who has none; somebody else may take it at the same moment."""
    for _attempt in range(5):
        if person.handle:
            return person.handle
        handle = free_handle(person.community, person.name)
        try:
            with transaction.atomic():
                Person.objects.filter(pk=person.pk).update(handle=handle)
        except IntegrityError:
            continue
        person.handle = handle
    if not person.handle:
        raise Conflict(_("Many people are joining under the same name at this moment."), _("Try again."))
    return person.handle


def change_handle(*, person: Person, handle: str) -> None:
    """A member chooses another @name. Raises DomainError for a form that cannot be mentioned, Conflict if it is taken."""
    wanted = handle.strip().removeprefix("@").lower()
    if not _FORM.match(wanted) or not 2 <= len(wanted) <= LONGEST:
        raise DomainError(
            _("“%(handle)s” cannot be an @name.") % {"handle": handle},
            _("Use 2 to 40 letters, digits and hyphens."),
        )
    try:
        with transaction.atomic():
            Person.objects.filter(pk=person.pk).update(handle=wanted)
    except IntegrityError as error:
        raise Conflict(_("Someone here is called @%(handle)s already.") % {"handle": wanted}) from error
    person.handle = wanted
