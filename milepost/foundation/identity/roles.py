"""The roles, and which of them outrank which. What each may do is in `access`."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    MEMBER = "member", _("member")
    AMBASSADOR = "ambassador", _("ambassador")
    MODERATOR = "moderator", _("moderator")
    STEWARD = "steward", _("steward")
    OWNER = "owner", _("owner")


RANK: dict[str, int] = {"visitor": 0, "signed-in": 1} | {role.value: n for n, role in enumerate(Role, start=2)}
"""Of role names, with those two who are no members. A higher rank may do all that a lower one may."""
