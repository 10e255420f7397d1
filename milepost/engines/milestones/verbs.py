from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("milestone.reached", _("reached a milestone"), icon="milestone", objects=True, personal=("evidence",))
verb("milestone.revoked", _("revoked a milestone"), icon="milestone", public=False, personal=("reason",))
