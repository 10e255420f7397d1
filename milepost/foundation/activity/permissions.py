from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("log.view", _("See the log"), lowest="member")
permission("log.write", _("Write activities from outside tools"), lowest="steward")
permission("jobs.view", _("See background work and run it again"), lowest="steward")
