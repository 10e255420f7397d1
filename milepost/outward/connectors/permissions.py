from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("imports.run", _("Import history"), lowest="steward")
