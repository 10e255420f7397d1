from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("charter.view", _("Read mission, values and agreements"), lowest="visitor")
permission("charter.write", _("Write mission, values and agreements"), lowest="steward")
