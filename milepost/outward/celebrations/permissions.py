from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("celebrations.view", _("See what is celebrated"), lowest="member", public=True)
permission("celebrations.congratulate", _("Congratulate others"), lowest="member")
permission("celebrations.own", _("Decide on one's own moments"), lowest="member")
permission("celebrations.write", _("Word celebrations, open walls, see who waits for recognition"), lowest="steward")
permission("celebrations.moderate", _("Take away what should not have been said"), lowest="moderator")
