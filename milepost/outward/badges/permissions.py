from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

# Whoever is shown a badge asks these addresses whether it is true, and belongs to nothing here.
permission("badges.view", _("Check badges"), lowest="visitor")
permission("badges.own", _("Have badges made of one's own milestones, and bring others"), lowest="member")
