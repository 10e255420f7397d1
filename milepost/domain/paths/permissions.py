from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("paths.view", _("See the milestones on the way"), lowest="member", public=True)
permission("paths.write", _("Write milestones"), lowest="steward")
permission("milestones.own", _("Say which milestones one has reached"), lowest="member")
