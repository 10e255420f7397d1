from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("opportunity.opened", _("asked for a hand"), icon="hand-helping", objects=True)
verb("opportunity.taken", _("said they would help"), icon="hand-helping", objects=True)
# Its quantity is minutes.
verb("opportunity.finished", _("helped"), icon="circle-check-big", objects=True, external=True)
verb("opportunity.changed", _("changed a way to help"), icon="pencil", public=False)
verb("opportunity.closed", _("closed a way to help"), icon="archive", public=False)
