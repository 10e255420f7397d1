from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from milepost.foundation.common import clock
from milepost.foundation.common.fields import IdModel, json_dict
from milepost.foundation.identity.querysets import IdentityQuerySet, MembershipQuerySet, PersonQuerySet
from milepost.foundation.identity.roles import Role

from .account import Account
from .community import Community

LOCAL = "milepost"
"""The source of identities that are a sign-in here."""


class Person(IdModel):
    """A human, an organisation or a bot in one community.

    Without an account it is unclaimed: known from imports only, with no public page, and never celebrated.
    """

    class Kind(models.TextChoices):
        HUMAN = "human", _("person")
        ORGANISATION = "organisation", _("organisation")
        BOT = "bot", _("bot")

    community = models.ForeignKey(Community, models.CASCADE, related_name="people", db_index=False)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="people")
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.HUMAN)
    name = models.CharField(_("name"), max_length=120)
    handle = models.CharField(_("handle"), max_length=60, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_people")
    created_at = models.DateTimeField(default=clock.now)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["community", "account"],
                condition=Q(account__isnull=False),
                name="one_person_an_account_in_a_community",
            ),
            models.UniqueConstraint(
                fields=["community", "handle"], condition=~Q(handle=""), name="handle_once_in_a_community"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["community", "name"], name="person_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_claimed(self) -> bool:
        return self.account_id is not None

    @property
    def is_public(self) -> bool:
        """Whether others may open a page about them."""
        return self.is_claimed and self.erased_at is None and self.merged_into_id is None


class Membership(IdModel):
    """That a person belongs to the community, in which role, since when and how they came."""

    class Audience(models.TextChoices):
        MEMBER = "member", _("member")
        SUBSCRIBER = "subscriber", _("subscriber")
        CUSTOMER = "customer", _("customer")
        VOLUNTEER = "volunteer", _("volunteer")
        PARTNER = "partner", _("partner")
        STAFF = "staff", _("staff")
        SPONSOR = "sponsor", _("sponsor")
        ALUMNI = "alumni", _("alumni")

    community = models.ForeignKey(Community, models.CASCADE, related_name="memberships", db_index=False)
    person = models.OneToOneField(Person, models.CASCADE, related_name="membership")
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.MEMBER)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateField(null=True, blank=True)
    came_from = models.CharField(_("where they came from"), max_length=120, blank=True)
    invited_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="invited", db_index=False
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=models.F("joined_at")), name="left_after_joining"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "role"], name="membership_by_role"),
            models.Index(fields=["community", "joined_at"], name="membership_by_joining"),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.get_role_display()})"

    @property
    def is_active(self) -> bool:
        return self.left_at is None


class Identity(IdModel):
    """Someone as one system knows them: a sign-in here, an account in Slack, a mail address. Who that is, is `person`."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="identities", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="identities")
    source = models.CharField(max_length=40)
    source_key = models.CharField(max_length=200)
    name = models.CharField(max_length=120, blank=True)
    handle = models.CharField(max_length=120, blank=True)
    mail = models.CharField(max_length=254, blank=True)
    """In small letters, so that claims find it by its index."""
    is_bot = models.BooleanField(default=False)
    attributes = json_dict()
    created_at = models.DateTimeField(default=clock.now)
    claimed_at = models.DateTimeField(null=True, blank=True)

    objects = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["community", "source", "source_key"], name="identity_once_in_a_community"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["community", "mail"], condition=~Q(mail=""), name="identity_by_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.source_key} ({self.source})"


class Representative(IdModel):
    """A person who acts for an organisation that is a member."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="representatives")
    organisation = models.ForeignKey(Person, models.CASCADE, related_name="representatives")
    person = models.ForeignKey(Person, models.CASCADE, related_name="represents")
    since = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["organisation", "person"], name="represents_once"),
        ]
