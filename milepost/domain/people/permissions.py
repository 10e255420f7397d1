from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("profile.own", _("Say who one is, and how to be celebrated"), lowest="member")
permission("attributes.write", _("Say what else is asked of members"), lowest="steward")
permission("praise.give", _("Thank other members"), lowest="member")
permission("praise.remove", _("Take away what should not have been said in thanks"), lowest="moderator")
