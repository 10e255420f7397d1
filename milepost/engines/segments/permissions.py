from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("segments.view", _("See segments and who is in them"), lowest="steward")
permission("segments.write", _("Write segments and rules"), lowest="steward")
