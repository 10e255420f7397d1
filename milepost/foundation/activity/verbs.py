from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .registry import verb

verb("activity.retracted", _("took something back"), icon="undo-2", public=False)
verb("community.time_zone_changed", _("changed the community's time zone"), icon="clock", public=False)
