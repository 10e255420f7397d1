"""What a member says about themselves: the profile, its photo, and how they want to be celebrated."""

from __future__ import annotations

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils.translation import gettext

from milepost.foundation.activity.recording import record
from milepost.foundation.common import clock
from milepost.foundation.common.errors import DomainError
from milepost.foundation.common.ids import new_id
from milepost.foundation.common.uploads import accept
from milepost.foundation.identity.models import Account, Person

from .authority import check
from .models import Profile

PHOTO_LIMIT = 8 * 2**20
"""Bytes of a photo as it is sent."""
TEXTS = ("called", "headline", "about", "place", "pronouns", "link")


def present(
    *, person: Person, name: str, photo: File | None = None, without_photo: bool = False, **texts: str
) -> Profile:
    """The member says who they are. `texts`: called, headline, about, place, pronouns, link.

    A photo is decoded and written anew, which drops where it was taken. Raises DomainError for no name, or a picture that
    cannot be read.
    """
    check(person, "profile.own", person.community)
    if unknown := texts.keys() - set(TEXTS):
        raise ValueError(f"a profile has no {', '.join(sorted(unknown))}")
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise DomainError(gettext("You need a name here, of at most 120 letters."))
    picture = accept(photo, limit=PHOTO_LIMIT, images_only=True) if photo else None
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        profile = _profile(person)
        for key, text in texts.items():
            setattr(profile, key, " ".join(text.split())[:60] if key == "called" else text.strip())
        gone = profile.photo.name if profile.photo and (picture or without_photo) else ""
        if picture:
            profile.photo.save(f"{new_id()}{picture.suffix}", ContentFile(picture.content), save=False)
        elif without_photo:
            profile.photo = ""
        profile.changed_at = clock.now()
        profile.save()
        if person.name != name:
            person.name = name
            person.save(update_fields=["name"])
        record("profile.changed", community=person.community, by=person, object_kind="person", object_id=person.pk)
        if gone:
            # The old file goes when the change stands, not before.
            transaction.on_commit(lambda: profile.photo.storage.delete(gone))
    return profile


def choose_celebration(*, person: Person, celebration: str) -> Profile:
    """The member decides how they are celebrated, from now on and for what was. Records `celebration.chosen`, but not how."""
    check(person, "profile.own", person.community)
    if celebration not in Profile.Celebration.values:
        raise DomainError(gettext("Choose one of the ways to be celebrated."))
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        profile = _profile(person)
        profile.celebration = celebration
        profile.changed_at = clock.now()
        profile.save()
        record("celebration.chosen", community=person.community, by=person)
    return profile


def choose_language_and_zone(*, account: Account, language: str, time_zone: str) -> None:
    """In which language and time zone this account reads every community; empty: as the community or the browser has it.

    Records `profile.changed` in each of them.
    """
    account.language, account.time_zone = language, time_zone
    account.full_clean(exclude=["password", "email"])
    with transaction.atomic():
        account.save(update_fields=["language", "time_zone"])
        # Rules of every community may ask for it.
        for person in Person.objects.present().filter(account=account).select_related("community"):
            record("profile.changed", community=person.community, by=person, object_kind="person", object_id=person.pk)


def _profile(person: Person) -> Profile:
    found = Profile.objects.select_for_update().filter(person=person).first()
    return found or Profile(person=person, community_id=person.community_id)
