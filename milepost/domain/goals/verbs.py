from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("goal.adopted", _("adopted a goal"), icon="target")
