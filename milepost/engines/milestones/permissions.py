from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.identity.access import permission

permission("milestones.award", _("Award and revoke milestones, and settle disputes"), lowest="steward")
permission("milestones.verify", _("Verify what others claim"), lowest="member")
permission("milestones.dispute", _("Doubt a milestone, or object to a decision on one's own"), lowest="member")
permission("milestones.view", _("Read who reached which milestone, as the API tells it"), lowest="member")
permission("coverage.view", _("See what to make next, and what came of what was made"), lowest="steward")
