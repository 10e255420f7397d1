from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("segment.entered", _("came into a segment"), icon="user-round-plus", public=False, objects=True)
verb("segment.left", _("is no longer in a segment"), icon="user-round-minus", public=False, objects=True)
