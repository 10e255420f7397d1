from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from milepost.foundation.activity.registry import verb

verb("goal.adopted", _("adopted a goal"), icon="target")
verb("goal.changed", _("changed a goal"), icon="pencil", public=False)
verb("goal.retired", _("retired a goal"), icon="archive", public=False)
verb("goal.resumed", _("took up a goal again"), icon="target", public=False)
