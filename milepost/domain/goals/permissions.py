from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("goals.view", _("See the goals"), lowest="visitor")
permission("goals.write", _("Write goals"), lowest="steward")
